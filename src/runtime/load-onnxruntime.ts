import type * as ort from 'onnxruntime-node';

/**
 * onnxruntime, loaded when it is first needed: a run answered from the cache never does. Without its telemetry, which since 1.30 reports to
 * Microsoft on Linux, too, and leaves a file in the temporary folder for every process; whoever sets the variable decides.
 */
export function loadOnnxruntime(): Promise<typeof ort> {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
  return import('onnxruntime-node');
}
