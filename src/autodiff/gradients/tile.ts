import { dimsOf, reduceSum, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Copies add up: every axis is split into (copies, size) and the copies are summed. */
export const tileGradient = defineGradient({
  opType: 'Tile',
  inputs: ['input', 'repeats'],
  outputs: ['output'],
  gradient({ b, input, output, dOutput }) {
    const dims = dimsOf(input);
    const tiled = dimsOf(output);
    const split = dims.flatMap((dim, axis) => [tiled[axis]! / dim, dim]);
    const copies = dims.map((_, axis) => 2 * axis).filter((axis) => split[axis] !== 1);
    return { input: reshape(b, reduceSum(b, reshape(b, dOutput, split), copies), dims), repeats: null };
  },
});
