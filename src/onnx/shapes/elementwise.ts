import { dataTypeOf } from '../proto/data-type.js';
import { broadcast } from './dims.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';

/** One output like the first input. */
export const same: ShapeRule = (call) => [typed(call.dataType(0), call.shape(0))];

const numeric: ShapeRule = (call) => {
  const dataType = call.dataType(0) === 'undefined' ? call.dataType(1) : call.dataType(0);
  return [typed(dataType, pair(call))];
};

const logical: ShapeRule = (call) => [typed('bool', pair(call))];

const test: ShapeRule = (call) => [typed('bool', call.shape(0))];

const variadic: ShapeRule = (call) => [
  typed(
    call.dataType(0),
    broadcast(
      call,
      call.node.inputs.map((_, i) => call.shape(i)),
    ),
  ),
];

/** Before opset 7 the second input was broadcast to the first, at an `axis`. */
function pair(call: Call) {
  return call.opset < 7 ? call.shape(0) : broadcast(call, [call.shape(0), call.shape(1)]);
}

const UNARY =
  'Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum CumProd Elu Erf Exp Floor Gelu ' +
  'HardSigmoid HardSwish Hardmax Identity LeakyRelu Log LogSoftmax Mish Neg Not PRelu Reciprocal Relu Round Selu Shrink ' +
  'Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu Trilu ReverseSequence Scaler ' +
  'ParametricSoftplus ImageScaler QuickGelu';

export const elementwise: RuleTable = {
  ...Object.fromEntries(UNARY.split(' ').map((op) => [op, same])),
  ...Object.fromEntries(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Mod'].map((op) => [op, numeric])),
  ...Object.fromEntries(['BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor'].map((op) => [op, numeric])),
  ...Object.fromEntries(['And', 'Or', 'Xor', 'Equal'].map((op) => [op, logical])),
  ...Object.fromEntries(['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'].map((op) => [op, logical])),
  ...Object.fromEntries(['Max', 'Min', 'Sum', 'Mean'].map((op) => [op, variadic])),
  IsNaN: test,
  IsInf: test,
  Where: (call) => [
    typed(
      call.dataType(1) === 'undefined' ? call.dataType(2) : call.dataType(1),
      broadcast(call, [call.shape(0), call.shape(1), call.shape(2)]),
    ),
  ],
  // Before opset 6 `to` was the name of the type, in upper case.
  Cast: (call) => [typed(dataTypeOf(call.int('to', 0)) ?? 'undefined', call.shape(0))],
  CastLike: (call) => [typed(call.dataType(1), call.shape(0))],
  Dropout: (call) => [
    typed(call.dataType(0), call.shape(0)),
    typed(call.opset >= 10 ? 'bool' : call.dataType(0), call.shape(0)),
  ],
};

/** Activations that onnxruntime adds under com.microsoft. */
export const microsoftElementwise: RuleTable = {
  ...Object.fromEntries(['Gelu', 'FastGelu', 'BiasGelu', 'QuickGelu', 'BiasSoftmax', 'Trilu'].map((op) => [op, same])),
  ...Object.fromEntries(['QLinearLeakyRelu', 'QLinearSigmoid', 'QLinearSoftmax'].map((op) => [op, same])),
};
