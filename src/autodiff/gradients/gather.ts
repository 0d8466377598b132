import { intAttribute } from '../../onnx/ir.js';
import { sizeOf } from '../../onnx/tensor.js';
import { dimsOf, filled, reshape, transpose } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Rows that were read add their gradients to zeros, with the gathered axis moved to the front. */
export const gatherGradient = defineGradient({
  opType: 'Gather',
  inputs: ['data', 'indices'],
  outputs: ['output'],
  gradient({ b, node, data, indices, dOutput }) {
    const dims = dimsOf(data);
    const axis = (intAttribute(node, 'axis', 0) + dims.length) % dims.length;
    const count = sizeOf(dimsOf(indices));
    const before = dims.slice(0, axis);
    const after = dims.slice(axis + 1);

    const flat = reshape(b, dOutput, [sizeOf(before), count, sizeOf(after)]);
    const rows = transpose(b, flat, [1, 0, 2]);
    const start = filled(b, [dims[axis]!, sizeOf(before), sizeOf(after)], 0);
    // Gather takes int32 as well, ScatterND does not.
    const places = indices.dataType === 'int64' ? indices : b.op('Cast', [indices], { to: 7 });
    const added = b.op('ScatterND', [start, reshape(b, places, [count, 1]), rows], { reduction: 'add' });
    return { data: reshape(b, transpose(b, added, [1, 0, 2]), dims), indices: null };
  },
});
