import type { Dataset } from '../data/dataset.js';
import { dataBytes } from '../data/memory.js';
import { forwardBytes, weightBytes } from '../onnx/forward-bytes.js';
import type { Model } from '../onnx/ir.js';

/**
 * What `evaluateModel` holds at its peak, in bytes, besides Node and onnxruntime; null where shapes are known only while a model runs.
 * The factors are fitted to measured evaluations (docs/results.md), rather too large.
 * @param models the one that is evaluated, and the one that it is compared with
 */
export function evaluationMemory(
  models: readonly Model[],
  { batch, data }: { readonly batch: number; readonly data: Dataset },
): number | null {
  let bytes = SESSION_BYTES + dataBytes(data);
  for (const model of models) {
    const live = forwardBytes(model, batch, data.inputShape);
    if (live === null) return null;
    bytes += 2.5 * live + 4 * weightBytes(model);
  }
  return bytes;
}

const SESSION_BYTES = 24 * 2 ** 20;
