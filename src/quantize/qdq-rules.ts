import { type Model, type Node, stringAttribute } from '../onnx/ir.js';
import { floatsOf, sizeOf } from '../onnx/tensor.js';

/**
 * How an operator takes part in integer arithmetic:
 * - `weighted`: multiplies by a weight; weight int8 per channel, bias int32, activation uint8;
 * - `pointwise`: uint8 on every float input and output, each with its own range;
 * - `passing`: only moves, selects or averages values: its output has the parameters of its input;
 * - `clamp`: disappears behind an operator whose uint8 output saturates at the same bound.
 */
export type QdqRole = 'weighted' | 'pointwise' | 'passing' | 'clamp';

const ROLES: ReadonlyMap<string, QdqRole> = new Map(
  Object.entries({
    Conv: 'weighted',
    ConvTranspose: 'weighted',
    Gemm: 'weighted',
    MatMul: 'weighted',
    Add: 'pointwise',
    Mul: 'pointwise',
    Concat: 'pointwise',
    GlobalAveragePool: 'pointwise',
    Sigmoid: 'pointwise',
    Softmax: 'pointwise',
    AveragePool: 'passing',
    Dropout: 'passing',
    Flatten: 'passing',
    Gather: 'passing',
    Identity: 'passing',
    MaxPool: 'passing',
    Pad: 'passing',
    Reshape: 'passing',
    Resize: 'passing',
    Slice: 'passing',
    Split: 'passing',
    Squeeze: 'passing',
    Transpose: 'passing',
    Unsqueeze: 'passing',
    Clip: 'clamp',
    Relu: 'clamp',
  }),
);

/** The role of a node; undefined if it stays float. */
export function qdqRole(node: Node, model: Model): QdqRole | undefined {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return undefined;
  const role = ROLES.get(node.opType);
  if (role === 'passing' && !keepsValuesInRange(node, model)) return undefined;
  if (node.opType === 'Clip' && !clampsAroundZero(node, model)) return undefined;
  return role;
}

/** False for Pad with another constant than 0, Resize that overshoots, MaxPool with indices, Dropout with a mask or in training. */
function keepsValuesInRange(node: Node, model: Model): boolean {
  switch (node.opType) {
    case 'Pad': {
      const value = node.inputs[2] ?? '';
      return stringAttribute(node, 'mode', 'constant') !== 'constant' || value === '' || scalar(model, value) === 0;
    }
    case 'Resize':
      return stringAttribute(node, 'mode', 'nearest') !== 'cubic';
    case 'MaxPool':
      return (node.outputs[1] ?? '') === '';
    case 'Dropout':
      return (node.outputs[1] ?? '') === '' && (node.inputs[2] ?? '') === '';
    default:
      return true;
  }
}

/** A uint8 range always contains 0, so it can saturate at the bounds of a Clip only if they enclose 0. */
function clampsAroundZero(node: Node, model: Model): boolean {
  const [min, max] = [node.inputs[1] ?? '', node.inputs[2] ?? ''].map((name) =>
    name === '' ? 0 : scalar(model, name),
  );
  return min !== undefined && max !== undefined && min <= 0 && max >= 0;
}

function scalar(model: Model, name: string): number | undefined {
  const tensor = model.graph.initializers.get(name);
  return tensor?.dataType === 'float32' && sizeOf(tensor.dims) === 1 ? floatsOf(tensor)[0] : undefined;
}
