import type { DataType } from '../ir.js';
import { dataTypeOf } from '../proto/data-type.js';
import { broadcast } from './dims.js';
import { concatShape } from './reshape.js';
import { type RuleTable, type ShapeRule, typed } from './rule.js';

/** The zero point has the type of the result; without one `output_dtype` says it, and uint8 is the default. */
const quantizeLinear: ShapeRule = (call) => {
  const stated = dataTypeOf(call.int('output_dtype', 0)) ?? 'undefined';
  const fallback: DataType = stated === 'undefined' ? 'uint8' : stated;
  return [typed(call.has(2) ? call.dataType(2) : fallback, call.shape(0))];
};

const dequantizeLinear: ShapeRule = (call) => [typed(call.dataType(1), call.shape(0))];

/** A, scale, zero point, B, scale, zero point, then scale and zero point of the result. */
const binary: ShapeRule = (call) => [typed(call.dataType(0), broadcast(call, [call.shape(0), call.shape(3)]))];

export const quantization: RuleTable = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: (call) => [typed('uint8', call.shape(0)), typed('float32', []), typed('uint8', [])],
};

export const microsoftQuantization: RuleTable = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  QLinearAdd: binary,
  QLinearMul: binary,
  // Scale and zero point of the result come first, then each input with its own.
  QLinearConcat: (call) => {
    const shapes = call.node.inputs.map((_, i) => call.shape(i)).filter((_, i) => i >= 2 && i % 3 === 2);
    return [typed(call.dataType(1), concatShape(call, shapes))];
  },
};
