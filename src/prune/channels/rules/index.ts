import type { Node } from '../../../onnx/ir.js';
import type { AxisRule } from '../node-call.js';
import { broadcast, perChannel, sameAxes } from './elementwise.js';
import { concat, gather, slice, split } from './joining.js';
import { convolution, gemm, matMul, transposedConvolution } from './layers.js';
import { constantOfShape, squeeze, transpose, unsqueeze } from './layout.js';
import { argReduction, layerNormalization, overChannels, quantized, reduction, softmax } from './mixing.js';
import { flatten, reshape } from './reshape.js';
import { pad, pool, resize } from './windows.js';

/** How labels pass through an operator; undefined for one that Lathe does not follow them through. */
export function axisRule(opType: string, domain: string): AxisRule | undefined {
  if (domain === '') return RULES.get(opType);
  return domain === 'com.microsoft' ? MICROSOFT.get(opType) : undefined;
}

/** Whether a node computes with integers that stand for numbers, or turns one into the other. */
export function isQuantized({ opType, domain }: Node): boolean {
  return axisRule(opType, domain) === quantized;
}

const RULES = table([
  [convolution, 'Conv'],
  [transposedConvolution, 'ConvTranspose'],
  [gemm, 'Gemm'],
  [matMul, 'MatMul'],
  [perChannel, 'BatchNormalization InstanceNormalization'],
  [
    sameAxes,
    'Abs Acos Acosh Asin Asinh Atan Atanh Cast CastLike Ceil Celu Clip Cos Cosh Dropout Elu Erf Exp Floor Gelu HardSigmoid',
    'HardSwish Identity IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh',
    'Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu',
  ],
  [
    broadcast,
    'Add And BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or Pow',
    'PRelu Sub Sum Where Xor',
  ],
  [pool, 'AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool'],
  [pad, 'Pad'],
  [resize, 'Resize Upsample'],
  [constantOfShape, 'ConstantOfShape'],
  [transpose, 'Transpose'],
  [squeeze, 'Squeeze'],
  [unsqueeze, 'Unsqueeze'],
  [flatten, 'Flatten'],
  [reshape, 'Reshape'],
  [concat, 'Concat'],
  [split, 'Split'],
  [slice, 'Slice'],
  [gather, 'Gather'],
  [
    reduction,
    'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare',
  ],
  [argReduction, 'ArgMax ArgMin'],
  [softmax, 'Hardmax LogSoftmax Softmax'],
  [layerNormalization, 'LayerNormalization RMSNormalization'],
  [overChannels, 'DepthToSpace GroupNormalization LRN SpaceToDepth'],
  [
    quantized,
    'ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul QuantizeLinear',
  ],
]);

const MICROSOFT = table([
  [sameAxes, 'FastGelu Gelu QuickGelu'],
  [quantized, 'DequantizeLinear DynamicQuantizeMatMul MatMulIntegerToFloat MatMulNBits QuantizeLinear'],
]);

function table(rows: readonly (readonly [AxisRule, ...string[]])[]): ReadonlyMap<string, AxisRule> {
  return new Map(
    rows.flatMap(([rule, ...names]) => names.flatMap((list) => list.split(' ')).map((name) => [name, rule])),
  );
}
