import { isUserError, UserError } from '../core/errors.js';
import type { Value } from '../onnx/builder.js';
import { type Node, nodeLabel } from '../onnx/ir.js';

/** AUTODIFF_DYNAMIC_SHAPE: a size on the way of a gradient that is only known once the graph runs. */
export function dynamicShape({ name, shape }: Value, reader?: Node): UserError {
  const sizes = shape === null ? 'of unknown rank' : `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
  const read = reader === undefined ? '' : `, which ${nodeLabel(reader)} (${reader.opType}) reads,`;
  return new UserError(
    'AUTODIFF_DYNAMIC_SHAPE',
    `The shape of "${name}"${read} is not known before running: ${sizes}.`,
    'Give every input a fixed shape; if it is computed by the graph, export the model with fixed shapes.',
    reader === undefined
      ? {}
      : { place: { kind: 'graph', node: nodeLabel(reader), opType: reader.opType, tensor: name } },
  );
}

/** Runs the rule of a node; what it refuses gets the node's name. */
export function atNode<T>(node: Node, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!isUserError(error)) throw error;
    throw error.at({ kind: 'graph', node: nodeLabel(node), opType: node.opType });
  }
}
