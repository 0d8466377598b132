import type { Node } from './ir.js';

/** How many inputs and outputs a node lacks by its operator: those that the specification requires come first in both lists. */
export function missingEnds(node: Node, opset: number): { readonly inputs: number; readonly outputs: number } {
  const outputs = node.outputs.length === 0 ? 1 : 0;
  if (node.domain !== '') return { inputs: 0, outputs };
  const changed = CHANGED.get(node.opType)?.findLast(([since]) => since <= opset)?.[1];
  const required = changed ?? REQUIRED.get(node.opType) ?? 0;
  const given = node.inputs.slice(0, required).filter((name) => name !== '').length;
  return { inputs: required - given, outputs };
}

/** Inputs that an operator cannot do without, in every version of it. From the schemas of onnx 1.23. */
const REQUIRED = new Map(
  Object.entries({
    1:
      'Abs Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh AveragePool Bernoulli BitCast BitwiseNot BlackmanWindow Cast Ceil Celu Clip ' +
      'Concat ConcatFromSequence ConstantOfShape Cos Cosh DFT DepthToSpace Det Dropout DynamicQuantizeLinear Einsum Elu Erf Exp EyeLike ' +
      'Flatten Floor Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If ' +
      'ImageDecoder IsInf IsNaN LRN LeakyRelu Log LogSoftmax LpNormalization LpPool Max MaxPool Mean MeanVarianceNormalization Min Mish ' +
      'Multinomial Neg NonZero Not OptionalGetElement RandomNormalLike RandomUniformLike Reciprocal ReduceL1 ReduceL2 ReduceLogSum ' +
      'ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Round Selu SequenceConstruct ' +
      'SequenceErase SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size Softmax Softplus Softsign SpaceToDepth Split ' +
      'SplitToSequence Sqrt Squeeze StringNormalizer StringSplit Sum Swish Tan Tanh TfIdfVectorizer ThresholdedRelu Transpose Trilu Unique',
    2:
      'Add AffineGrid And BitShift BitwiseAnd BitwiseOr BitwiseXor CastLike CausalConvWithState CenterCropPad Compress Conv ConvInteger ' +
      'ConvTranspose CumProd CumSum DequantizeLinear Div Equal Expand Gather GatherElements GatherND Greater GreaterOrEqual GridSample ' +
      'LayerNormalization Less LessOrEqual MatMul MatMulInteger MaxRoiPool MaxUnpool Mod Mul NegativeLogLikelihoodLoss NonMaxSuppression Or ' +
      'PRelu Pow QuantizeLinear RMSNormalization ReverseSequence STFT SequenceAt SequenceInsert SoftmaxCrossEntropyLoss StringConcat Sub ' +
      'SwiGLU TensorScatter Xor',
    3:
      'Attention Col2Im DeformConv GRU GroupNormalization InstanceNormalization LSTM LinearAttention OneHot RNN Range RoiAlign ' +
      'RotaryEmbedding Scatter ScatterElements ScatterND Where',
    5: 'BatchNormalization MelWeightMatrix',
    8: 'QLinearConv QLinearMatMul',
  }).flatMap(([count, names]) => names.split(' ').map((name) => [name, Number(count)] as const)),
);

/** Operators of which versions differ: [opset, inputs from then on]. */
const CHANGED: ReadonlyMap<string, readonly (readonly [since: number, inputs: number])[]> = new Map([
  [
    'Gemm',
    [
      [1, 3],
      [11, 2],
    ],
  ],
  [
    'Pad',
    [
      [1, 1],
      [11, 2],
    ],
  ],
  [
    'Reshape',
    [
      [1, 1],
      [5, 2],
    ],
  ],
  [
    'Resize',
    [
      [10, 2],
      [11, 1],
    ],
  ],
  [
    'Slice',
    [
      [1, 1],
      [10, 3],
    ],
  ],
  [
    'Tile',
    [
      [1, 3],
      [6, 2],
    ],
  ],
  [
    'TopK',
    [
      [1, 1],
      [10, 2],
    ],
  ],
  [
    'Unsqueeze',
    [
      [1, 1],
      [13, 2],
    ],
  ],
  [
    'Upsample',
    [
      [1, 1],
      [9, 2],
    ],
  ],
]);
