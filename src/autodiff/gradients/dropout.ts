import { constantFloats } from '../constants.js';
import { mul, scale } from '../emit.js';
import { defineGradient } from '../rule.js';

/**
 * Dropout as inference runs it passes the gradient on. In training mode the node's own mask is used; graphs that
 * Lathe trains have no such node, since their masks are fed from outside.
 */
export const dropoutGradient = defineGradient({
  opType: 'Dropout',
  inputs: ['data', 'ratio?', 'training_mode?'],
  outputs: ['output'],
  unsupported: (node) =>
    (node.inputs[2] ?? '') !== '' && (node.outputs[1] ?? '') === '' ? 'training mode without the mask output' : null,
  gradient({ b, node, ratio, training_mode, dOutput }) {
    const others = { ratio: null, training_mode: null };
    if (training_mode === null) return { data: dOutput, ...others };
    const share = ratio === null ? 0.5 : constantFloats(b, ratio)?.[0];
    if (share === undefined) throw new Error(`internal: the ratio of ${node.name} (Dropout) is not constant`);
    const kept = b.op('Cast', [b.value(node.outputs[1]!)], { to: 1 });
    return { data: mul(b, dOutput, scale(b, kept, 1 / (1 - share))), ...others };
  },
});
