import { intAttribute } from '../../onnx/ir.js';
import { concat, dimsOf, filled } from '../emit.js';
import { defineGradient } from '../rule.js';

/** The parts' gradients side by side; zeros for parts that nothing uses. */
export const splitGradient = defineGradient({
  opType: 'Split',
  inputs: ['input', 'split?'],
  outputs: ['...outputs'],
  gradient({ b, node, input, outputs, dOutputs }) {
    const rank = dimsOf(input).length;
    const axis = (intAttribute(node, 'axis', 0) + rank) % rank;
    const parts = outputs.map((output, index) => dOutputs[index] ?? filled(b, dimsOf(output), 0));
    return { input: concat(b, parts, axis), split: null };
  },
});
