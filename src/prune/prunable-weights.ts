import { UserError } from '../core/errors.js';
import type { Model } from '../onnx/ir.js';
import { type Select, selectTensors, selectWeights } from '../onnx/select.js';

/**
 * Initializer names of the selected weights of Conv, ConvTranspose, Gemm and MatMul, in the graph's order. A bias or a parameter of
 * a normalization is among them only if `select.include` gives its full name.
 * Throws PRUNE_NOTHING if there is none, PRUNE_TYPE for weights that are not float32, and what selectTensors throws.
 */
export function prunableWeights(model: Model, select: Select = {}): string[] {
  const weights = new Set(selectWeights(model, select).map(({ initializer }) => initializer));
  const asked = new Set(select.include ?? []);
  const names = selectTensors(model, select).filter((name) => weights.has(name) || asked.has(name));
  if (names.length === 0) {
    const others = selectWeights(model).map(({ initializer }) => initializer);
    throw new UserError(
      'PRUNE_NOTHING',
      others.length === 0
        ? 'The model has no weights of Conv, ConvTranspose, Gemm or MatMul.'
        : `select leaves none of the weights ${others.join(', ')}.`,
      others.length === 0 ? 'There is nothing to prune.' : 'Select layers or weights by these names.',
    );
  }
  for (const name of names) {
    const { dataType } = model.graph.initializers.get(name)!;
    if (dataType === 'float32') continue;
    throw new UserError('PRUNE_TYPE', `The weight "${name}" is ${dataType}.`, 'Only float32 weights can be pruned.');
  }
  return names;
}
