import { type DataType, intAttribute, type Node, type Tensor } from '../onnx/ir.js';

/** How a node reads a constant as a parameter. */
export interface WeightInput {
  /** Number of the input that holds the zero point of a quantized weight; absent for float and int32 ones. */
  readonly zeroPoint?: number;
  /** Axis along which a one-dimensional zero point runs; absent: the node's attribute `axis`. */
  readonly axis?: number;
  /** Parameters in the tensor, where they are packed several to a byte. */
  readonly count?: number;
}

const FLOAT_TYPES: ReadonlySet<DataType> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** Inputs that hold quantized weights, with the input of their zero point and its axis. Operators of onnxruntime's own domain have no namesakes elsewhere. */
const QUANTIZED_WEIGHTS: ReadonlyMap<string, Readonly<Record<number, WeightInput>>> = new Map(
  Object.entries({
    DequantizeLinear: { 0: { zeroPoint: 2 } },
    ConvInteger: { 0: { zeroPoint: 2, axis: 1 }, 1: { zeroPoint: 3, axis: 0 } },
    MatMulInteger: { 0: { zeroPoint: 2, axis: 0 }, 1: { zeroPoint: 3, axis: 1 } },
    QLinearConv: { 3: { zeroPoint: 5, axis: 0 }, 8: {} },
    QLinearMatMul: { 0: { zeroPoint: 2, axis: 0 }, 3: { zeroPoint: 5, axis: 1 } },
    QGemm: { 3: { zeroPoint: 5, axis: 1 }, 6: {} },
    DynamicQuantizeMatMul: { 1: { zeroPoint: 3, axis: 1 } },
    MatMulIntegerToFloat: { 1: { zeroPoint: 5, axis: 1 } },
  }),
);

/** Float inputs that are settings or statistics, not parameters: everything from the given input on, or the given inputs. */
const SETTINGS: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries({
    BatchNormalization: [3, 4],
    QuantizeLinear: [1, 2],
    DequantizeLinear: [1, 2],
    QLinearConv: [1, 2, 4, 5, 6, 7],
    QLinearMatMul: [1, 2, 4, 5, 6, 7],
    QLinearAdd: [1, 2, 4, 5, 6, 7],
    QGemm: [1, 2, 4, 5, 7, 8],
    DynamicQuantizeMatMul: [2, 3],
    MatMulIntegerToFloat: [2, 3, 4, 5],
    MatMulNBits: [2, 3, 4],
    Clip: [1, 2],
    Dropout: [1, 2],
    OneHot: [1, 2],
    Pad: [1, 2],
    Resize: [1, 2, 3],
  }),
);

/**
 * Whether a constant at one input of a node is a parameter, and how; null where it is a setting (a shape, a scale of
 * quantization, a limit of Clip …).
 * @param producers the node behind each computed value
 */
export function weightInput(
  node: Node,
  index: number,
  tensor: Tensor,
  producers: ReadonlyMap<string, Node>,
): WeightInput | null {
  const quantized = QUANTIZED_WEIGHTS.get(node.opType)?.[index];
  if (quantized !== undefined && !FLOAT_TYPES.has(tensor.dataType)) return quantized;
  if (node.opType === 'MatMulNBits' && index === 1) return packedWeight(node);
  if (!FLOAT_TYPES.has(tensor.dataType) || tensor.dims.length === 0) return null;
  if (SETTINGS.get(node.opType)?.includes(index) === true) return null;
  return isDynamicScale(node, index, producers) ? null : {};
}

/** MatMulNBits stores [N, blocks, bytes]; K may not fill the last block. Its zeros are not told from padding, so all count as nonzero. */
function packedWeight(node: Node): WeightInput {
  return { count: intAttribute(node, 'K', 0) * intAttribute(node, 'N', 0) };
}

/** Dynamic quantization multiplies the scale of the activations by the weights' scale, a constant. */
function isDynamicScale(node: Node, index: number, producers: ReadonlyMap<string, Node>): boolean {
  if (node.opType !== 'Mul') return false;
  const other = node.inputs[1 - index] ?? '';
  const producer = producers.get(other);
  if (producer?.opType === 'DynamicQuantizeLinear') return producer.outputs[1] === other;
  return (
    producer?.opType === 'Cast' &&
    ['ConvInteger', 'MatMulInteger'].includes(producers.get(producer.inputs[0]!)?.opType ?? '')
  );
}
