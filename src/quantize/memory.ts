import type { Dataset } from '../data/dataset.js';
import { dataBytes } from '../data/memory.js';
import { forwardBytes, weightBytes } from '../onnx/forward-bytes.js';
import type { Model } from '../onnx/ir.js';

/**
 * What a quantization holds at its peak, in bytes, besides Node and onnxruntime; null where shapes are known only while the model
 * runs. The factors are fitted to measured quantizations (docs/results.md), rather too large.
 * @param calibration null: no sample is run
 */
export function quantizationMemory(
  model: Model,
  calibration: { readonly batch: number; readonly data: Dataset } | null,
): number | null {
  const weights = 5 * weightBytes(model);
  if (calibration === null) return weights;
  const { batch, data } = calibration;
  const live = forwardBytes(model, batch, data.inputShape);
  return live === null ? null : SESSIONS_BYTES + weights + 2.5 * live + dataBytes(data);
}

/** The model under calibration and the two that are compared. */
const SESSIONS_BYTES = 72 * 2 ** 20;
