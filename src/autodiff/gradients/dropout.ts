import { constantFloats } from '../constants.js';
import { mul } from '../emit.js';
import { unsupportedForm } from '../refusal.js';
import { defineGradient } from '../rule.js';

/**
 * Dropout as inference runs it passes the gradient on. In training mode the node's own mask is used; graphs that
 * Lathe trains have no such node, since their masks are fed from outside.
 */
export const dropoutGradient = defineGradient({
  opType: 'Dropout',
  inputs: ['data', 'ratio?', 'training_mode?'],
  outputs: ['output'],
  gradient({ b, node, ratio, training_mode, dOutput }) {
    const others = { ratio: null, training_mode: null };
    if (training_mode === null || b.tensorOf(training_mode)?.bytes[0] === 0) return { data: dOutput, ...others };
    const share = ratio === null ? 0.5 : constantFloats(b, ratio)?.[0];
    if (share === undefined) throw unsupportedForm(node, 'a ratio that is computed');
    const mask = node.outputs[1] ?? '';
    if (mask === '') throw unsupportedForm(node, 'training mode without the mask output');
    // Whether it trains may be known only as the graph runs; if it does not, the mask is all ones.
    const strength = b.op('Where', [training_mode, b.scalar(1 / (1 - share)), b.scalar(1)]);
    return { data: mul(b, dOutput, mul(b, b.op('Cast', [b.value(mask)], { to: 1 }), strength)), ...others };
  },
});
