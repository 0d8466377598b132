import type { DataType, Dim } from '../ir.js';
import { constantTensor } from '../lift.js';
import { dataTypeOf } from '../proto/data-type.js';
import { shapeOfRank } from './dims.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';

/** Results whose content comes from nowhere: constants, ranges, random numbers. */
export const generation: RuleTable = {
  Constant: (call) => {
    const tensor = constantTensor(call.node);
    return [tensor === undefined ? typed('undefined', null) : typed(tensor.dataType, tensor.dims)];
  },
  ConstantOfShape: (call) => {
    const value = call.node.attributes.get('value');
    const dataType = value?.type === 'tensor' ? value.value.dataType : 'float32';
    const rank = call.shape(0)?.[0];
    return [typed(dataType, call.values(0) ?? shapeOfRank(rank))];
  },
  Range: (call) => [typed(call.dataType(0), [rangeLength(call)])],
  EyeLike: (call) => [typed(stated(call, call.dataType(0)), call.shape(0))],
  OneHot: (call) => {
    const indices = call.shape(0);
    if (indices === null) return [typed(call.dataType(2), null)];
    const depth: Dim = call.values(1)?.[0] ?? null;
    const axis = call.int('axis', -1);
    const at = axis < 0 ? axis + indices.length + 1 : axis;
    return [typed(call.dataType(2), [...indices.slice(0, at), depth, ...indices.slice(at)])];
  },
  RandomNormal: (call) => [typed(stated(call, 'float32'), call.ints('shape') ?? null)],
  RandomUniform: (call) => [typed(stated(call, 'float32'), call.ints('shape') ?? null)],
  RandomNormalLike: (call) => [typed(stated(call, call.dataType(0)), call.shape(0))],
  RandomUniformLike: (call) => [typed(stated(call, call.dataType(0)), call.shape(0))],
  Bernoulli: (call) => [typed(stated(call, call.dataType(0)), call.shape(0))],
  Multinomial: (call) => [typed(stated(call, 'int32'), [call.shape(0)?.[0] ?? null, call.int('sample_size', 1)])],
  ...Object.fromEntries(
    ['HannWindow', 'HammingWindow', 'BlackmanWindow'].map((name): [string, ShapeRule] => [
      name,
      (call) => [typed(dataTypeOf(call.int('output_datatype', 1)) ?? 'float32', [call.values(0)?.[0] ?? null])],
    ]),
  ),
};

function stated(call: Call, fallback: DataType): DataType {
  const dataType = dataTypeOf(call.int('dtype', 0)) ?? 'undefined';
  return dataType === 'undefined' ? fallback : dataType;
}

function rangeLength(call: Call): Dim {
  const [start, limit, delta] = [call.values(0)?.[0], call.values(1)?.[0], call.values(2)?.[0]];
  if (typeof start === 'number' && typeof limit === 'number' && typeof delta === 'number') {
    return Math.max(Math.ceil((limit - start) / delta), 0);
  }
  return start === 0 && delta === 1 ? (limit ?? null) : null;
}
