import type { DataType, Dim } from '../ir.js';
import { type Shape, shapeText, unknownShape } from './dims.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';

/** Axes are an attribute in older opsets and an input in newer ones: whichever is there counts. */
function reducedShape(call: Call): Shape | null {
  const shape = call.shape(0);
  if (shape === null) return null;
  const keeps = call.int('keepdims', 1) !== 0;
  const axes = call.has(1) ? call.numbers(1) : (call.ints('axes') ?? []);
  if (axes === undefined) return keeps ? unknownShape(shape.length) : null;
  if (axes.length === 0) {
    if (call.int('noop_with_empty_axes', 0) !== 0) return shape;
    return keeps ? shape.map(() => 1) : [];
  }
  const reduced = new Set(axes.map((axis) => call.axis(axis, shape.length)));
  if (keeps) return shape.map((dim, i) => (reduced.has(i) ? 1 : dim));
  return shape.filter((_, i) => !reduced.has(i));
}

const reduce: ShapeRule = (call) => [typed(call.dataType(0), reducedShape(call))];

const argument: ShapeRule = (call) => {
  const shape = call.shape(0);
  if (shape === null) return [typed('int64', null)];
  const axis = call.axis(call.int('axis', 0), shape.length);
  const keeps = call.int('keepdims', 1) !== 0;
  return [typed('int64', keeps ? shape.map((dim, i) => (i === axis ? 1 : dim)) : shape.filter((_, i) => i !== axis))];
};

const REDUCTIONS = 'Sum Mean Max Min Prod L1 L2 LogSum LogSumExp SumSquare';

export const reductions: RuleTable = {
  ...Object.fromEntries(REDUCTIONS.split(' ').map((name) => [`Reduce${name}`, reduce])),
  ArgMax: argument,
  ArgMin: argument,
  TopK: (call) => {
    const shape = call.shape(0);
    if (shape === null) return outputs(call, null);
    const axis = call.axis(call.int('axis', -1), shape.length);
    const k: Dim = call.has(1) ? (call.values(1)?.[0] ?? null) : call.int('k', 1);
    const size = shape[axis]!;
    if (typeof k === 'number' && typeof size === 'number' && k > size) {
      call.fail(`takes the top ${k} along axis ${axis} of ${shapeText(shape)}`);
    }
    return outputs(
      call,
      shape.map((dim, i) => (i === axis ? k : dim)),
    );
  },
};

function outputs(call: Call, shape: Shape | null) {
  const indices: DataType = 'int64';
  return [typed(call.dataType(0), shape), typed(indices, shape)];
}
