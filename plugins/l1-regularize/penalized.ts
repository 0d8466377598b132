import { selectTensors } from 'onnx-lathe/onnx';
import { type Model, type OptionsOf, UserError } from 'onnx-lathe/plugin';
import { type Parameter, trainableParameters } from 'onnx-lathe/train';
import type { options } from './options.js';

/** The weights that `select` leaves for the penalty. Throws L1_NOTHING. */
export function penalizedWeights(model: Model, select: OptionsOf<typeof options>['select']): Parameter[] {
  const weights = trainableParameters(model).filter(({ role }) => role === 'weight');
  const selected = new Set(selectTensors(model, select));
  const penalized = weights.filter(({ name }) => selected.has(name));
  if (penalized.length > 0) return penalized;
  throw new UserError(
    'L1_NOTHING',
    '`select` leaves no weight to penalize: biases and normalizations are never penalized.',
    `The weights are ${weights.map(({ name }) => name).join(', ')}.`,
  );
}
