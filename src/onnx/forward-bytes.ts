import { isUserError } from '../core/errors.js';
import { fixedInputs } from './fixed-inputs.js';
import { inferShapes } from './infer.js';
import type { Model } from './ir.js';
import { liveBytes } from './live-bytes.js';
import { byteLengthOf } from './tensor.js';

/**
 * The most bytes that the values of a model take at one time while it runs on a batch, weights aside; null where they are known
 * only then. A model that is fixed to a number of samples gets that many.
 * @param inputShape one sample without the batch dimension
 */
export function forwardBytes(model: Model, batch: number, inputShape?: readonly number[]): number | null {
  const declared = model.graph.inputs[0]?.shape?.[0];
  const size = typeof declared === 'number' && declared > 0 ? declared : batch;
  try {
    const types = inferShapes(model, { inputs: fixedInputs(model, size, inputShape) });
    return liveBytes(model.graph, (name) => types.get(name));
  } catch (error) {
    // An estimate refuses nothing: whoever runs the model with other samples than it takes is told then.
    if (isUserError(error) && error.code === 'ONNX_SHAPE') return null;
    throw error;
  }
}

/** Bytes of a model's weights and other constants. */
export function weightBytes({ graph }: Pick<Model, 'graph'>): number {
  return [...graph.initializers.values()].reduce((sum, { dataType, dims }) => sum + byteLengthOf(dataType, dims), 0);
}
