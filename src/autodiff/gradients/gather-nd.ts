import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { intAttribute } from '../../onnx/ir.js';
import { sizeOf } from '../../onnx/tensor.js';
import { dimsOf, filled, intGrid } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Slices that were read add their gradients to zeros. */
export const gatherNdGradient = defineGradient({
  opType: 'GatherND',
  inputs: ['data', 'indices'],
  outputs: ['output'],
  gradient({ b, node, data, indices, dOutput }) {
    const whole = withBatch(b, indices, intAttribute(node, 'batch_dims', 0));
    return {
      data: b.op('ScatterND', [filled(b, dimsOf(data), 0), whole, dOutput], { reduction: 'add' }),
      indices: null,
    };
  },
});

/** ScatterND has no batch_dims: the place in the batch becomes part of every index. */
function withBatch(b: GraphBuilder, indices: Value, batchDims: number): Value {
  if (batchDims === 0) return indices;
  const dims = dimsOf(indices).slice(0, -1);
  const places = Array.from({ length: sizeOf(dims) }, (_, flat) => placeOf(flat, dims).slice(0, batchDims));
  return b.op('Concat', [intGrid(b, places.flat(), [...dims, batchDims]), indices], { axis: -1 });
}

/** The index of each axis of an element, from its place in the flat tensor. */
function placeOf(flat: number, dims: readonly number[]): number[] {
  const place: number[] = [];
  let rest = flat;
  for (const dim of dims.toReversed()) {
    place.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return place;
}
