import { UserError } from '../core/errors.js';
import type { GraphBuilder, Value } from '../onnx/builder.js';
import type { Node } from '../onnx/ir.js';
import { floatsOf, intsOf } from '../onnx/tensor.js';

/**
 * The integers of a constant input (axes, starts, pads).
 * Throws AUTODIFF_NOT_CONSTANT if the graph computes them: a training graph is static.
 */
export function constantInts(b: GraphBuilder, node: Node, value: Value): number[] {
  const tensor = b.tensorOf(value);
  if (tensor !== undefined) return intsOf(tensor);
  throw new UserError(
    'AUTODIFF_NOT_CONSTANT',
    `The input "${value.name}" of ${node.name} (${node.opType}) is computed by the graph; its gradient needs a constant.`,
    'Export the model with fixed shapes, or replace the computed input by a constant.',
    { place: { kind: 'graph', node: node.name, opType: node.opType, tensor: value.name } },
  );
}

/** The elements of a float32 constant, or undefined if the value is computed or of another type. */
export function constantFloats(b: GraphBuilder, value: Value): Float32Array | undefined {
  const tensor = b.tensorOf(value);
  return tensor?.dataType === 'float32' ? floatsOf(tensor) : undefined;
}
