import { floatAttribute, type Model, type Node, type Tensor } from '../onnx/ir.js';
import { floatsOf, floatTensor, int32Tensor } from '../onnx/tensor.js';
import { type AffineParameters, roundHalfEven } from './affine.js';
import { outputChannels } from './qdq-plan.js';
import { applyParameters, parametersOf, type QuantizedTensor, type TensorQuantization } from './quantize-tensor.js';
import { weightAxis } from './weight-axis.js';

export interface WeightedConstants {
  readonly weight: QuantizedTensor;
  /** See weightAxis. */
  readonly axis: number | null;
  readonly bias: QuantizedBias | null;
}

/** int32 with zero point 0 and scale = input scale × weight scale, so that the integer sum of products can start from it. */
export interface QuantizedBias {
  /** int32, [output channels]. */
  readonly values: Tensor;
  /** float32, [] or [output channels]. */
  readonly scale: Tensor;
}

export interface ConstantQuantization {
  /** Of the quantized data input. */
  readonly inputScale: number;
  /** A weight scale for every output channel, or one for the tensor. */
  readonly granularity: 'channel' | 'tensor';
}

/**
 * The int8 weight and int32 bias of a Conv, ConvTranspose, Gemm or MatMul with a constant weight. Gemm's alpha and beta are
 * worked into them: the node computes A B + C afterwards.
 */
export function quantizeConstants(
  model: Model,
  node: Node,
  { inputScale, granularity }: ConstantQuantization,
): WeightedConstants {
  const { initializers } = model.graph;
  const [, weightName, biasName = ''] = node.inputs as [string, string, string?];
  const isGemm = node.opType === 'Gemm';
  const weight = times(initializers.get(weightName)!, isGemm ? floatAttribute(node, 'alpha', 1) : 1);
  const beta = isGemm ? floatAttribute(node, 'beta', 1) : 1;
  const axis = granularity === 'channel' ? weightAxis(node, weight.dims.length) : null;
  const how: TensorQuantization = { type: 'int8', isSymmetric: true, axis };
  const parameters = parametersOf(weight, weightName, how);
  if (biasName === '' || beta === 0) return { weight: applyParameters(weight, parameters, how), axis, bias: null };

  const stored = floatsOf(initializers.get(biasName)!);
  const bias = Float64Array.from(
    { length: outputChannels(node, weight.dims) },
    (_, c) => beta * stored[stored.length === 1 ? 0 : c]!,
  );
  const raised = raiseForBias(parameters, inputScale, bias);
  return { weight: applyParameters(weight, raised, how), axis, bias: quantizeBias(bias, inputScale, raised) };
}

function times(tensor: Tensor, factor: number): Tensor {
  if (factor === 1) return tensor;
  return floatTensor(
    floatsOf(tensor).map((value) => value * factor),
    tensor.dims,
  );
}

function quantizeBias(bias: Float64Array, inputScale: number, weights: readonly AffineParameters[]): QuantizedBias {
  const scales = Float32Array.from(weights.map((weight) => inputScale * weight.scale));
  const values = Int32Array.from(bias, (value, c) => toInt32(value / scales[scales.length === 1 ? 0 : c]!));
  return {
    values: int32Tensor(values, [values.length]),
    scale: floatTensor(scales, scales.length === 1 ? [] : [scales.length]),
  };
}

/**
 * Raises weight scales where the bias would not fit into int32 at scale input × weight, as onnxruntime's quantizer does.
 * Costs precision of that channel's weights, which the bias outweighs by far.
 */
function raiseForBias(
  weights: readonly AffineParameters[],
  inputScale: number,
  bias: Float64Array,
): readonly AffineParameters[] {
  const overall = weights.length === 1 ? bias.reduce((max, value) => Math.max(max, Math.abs(value)), 0) : undefined;
  return weights.map((weight, c) => {
    const smallest = (1.0001 * (overall ?? Math.abs(bias[c]!))) / INT32_MAX;
    const candidate = inputScale * weight.scale;
    return candidate < smallest ? { ...weight, scale: Math.fround(weight.scale * (smallest / candidate)) } : weight;
  });
}

const INT32_MAX = 2 ** 31 - 1;

function toInt32(value: number): number {
  return Math.min(Math.max(roundHalfEven(value), -INT32_MAX - 1), INT32_MAX);
}
