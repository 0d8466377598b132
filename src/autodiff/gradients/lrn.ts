import { floatAttribute, intAttribute, type Node } from '../../onnx/ir.js';
import { add, dimsOf, mul, scale, sub } from '../emit.js';
import { applyTransposed } from '../lowerings/axis-map.js';
import { defineGradient } from '../rule.js';

/**
 * Y = X · S^−beta with S = bias + alpha/size · Σ over neighbouring channels of X²:
 * dX = dY · S^−beta − 2 · alpha · beta / size · X · Σ over the channels that X is a neighbour of, of dY · Y / S.
 * Source: Krizhevsky et al. 2012, section 3.3.
 */
export const lrnGradient = defineGradient({
  opType: 'LRN',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, X, Y, dY }) {
    const size = intAttribute(node, 'size', 1);
    const alpha = floatAttribute(node, 'alpha', 0.0001);
    const beta = floatAttribute(node, 'beta', 0.75);
    // The window is symmetric, and so is the map that sums over it.
    const neighbours = channelWindow(node, dimsOf(X)[1]!);
    const sumOver = (value: typeof X) => applyTransposed(b, value, [{ axis: 1, rows: neighbours }]);
    const spread = add(b, scale(b, sumOver(mul(b, X, X)), alpha / size), b.scalar(floatAttribute(node, 'bias', 1)));
    const direct = mul(b, dY, b.op('Pow', [spread, b.scalar(-beta)]));
    const shares = b.op('Div', [mul(b, dY, Y), spread]);
    const through = mul(b, X, sumOver(shares));
    return { X: sub(b, direct, scale(b, through, (2 * alpha * beta) / size)) };
  },
});

/** `rows[channel][other]`: 1 where the other channel is in the window around the channel; `size` is odd. */
function channelWindow(node: Node, channels: number): number[][] {
  const half = (intAttribute(node, 'size', 1) - 1) / 2;
  const indices = Array.from({ length: channels }, (_, channel) => channel);
  return indices.map((channel) => indices.map((other) => (Math.abs(channel - other) <= half ? 1 : 0)));
}
