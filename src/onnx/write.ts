import type { Model } from './ir.js';

/** The bytes of a .onnx file. */
export function encodeModel(_model: Model): Uint8Array {
  throw new Error('internal: not written yet');
}
