import { UserError } from '../core/errors.js';
import { type Model, type Node, nodeLabel } from '../onnx/ir.js';
import { type Select, selectNodes, selectTensors, selectWeights } from '../onnx/select.js';

/**
 * Initializer names of the selected float32 weights of Conv, ConvTranspose, Gemm and MatMul, in the graph's order. Another float32
 * tensor, such as a bias, is among them only if `select.include` gives its full name.
 * Throws QUANTIZE_NOTHING if there is none, and what selectTensors throws.
 */
export function quantizableWeights(model: Model, select: Select = {}): string[] {
  const weights = new Set(selectWeights(model, select).map(({ initializer }) => initializer));
  const asked = new Set(select.include ?? []);
  const names = selectTensors(model, select).filter(
    (name) => (weights.has(name) || asked.has(name)) && model.graph.initializers.get(name)!.dataType === 'float32',
  );
  if (names.length > 0) return names;
  const others = selectWeights(model).map(({ initializer }) => initializer);
  throw new UserError(
    'QUANTIZE_NOTHING',
    others.length === 0
      ? 'The model has no float weights of Conv, ConvTranspose, Gemm or MatMul.'
      : `select leaves no float32 weight of ${others.join(', ')}.`,
    others.length === 0
      ? 'There is nothing to quantize; perhaps it is quantized already.'
      : 'Select layers or weights by these names.',
  );
}

/** Tells for nodes of this model, or of one made from it, whether they are selected. Throws what selectNodes throws. */
export function nodeSelection(model: Model, select: Select = {}): (node: Node) => boolean {
  const labels = new Set(selectNodes(model, select).map(nodeLabel));
  const known = new Set(model.graph.nodes.map(nodeLabel));
  // A node that a rewriting added stands for one of the model, which was not excluded by name.
  return (node) => labels.has(nodeLabel(node)) || !known.has(nodeLabel(node));
}
