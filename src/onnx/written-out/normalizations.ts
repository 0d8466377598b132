import { type Attribute, floatAttribute, intAttribute } from '../ir.js';
import { int64Tensor } from '../tensor.js';
import type { Writer, WritingRule } from './writer.js';

/** Layer normalization of input + skip + bias; the sum itself is the fourth output. Statistics as outputs are for training. */
const skipLayerNormalization: WritingRule = (w) => {
  if (hasStatistics(w)) return null;
  const sum = skipped(w, 4);
  const epsilon: Attribute = { type: 'float', value: floatAttribute(w.node, 'epsilon', SKIP_EPSILON) };
  const axis: Attribute = { type: 'int', value: -1 };
  w.give(w.op('LayerNormalization', [sum, w.input(2), w.input(3)], { axis, epsilon }));
  w.give(sum, 3);
  return undefined;
};

const skipSimplifiedLayerNormalization: WritingRule = (w) => {
  if (hasStatistics(w)) return null;
  const sum = skipped(w, 3);
  w.give(byRootMeanSquare(w, { x: sum, scale: w.input(2), epsilon: floatAttribute(w.node, 'epsilon', SKIP_EPSILON) }));
  w.give(sum, 3);
  return undefined;
};

/** Over the last axis; over others it is left as it is. */
const simplifiedLayerNormalization: WritingRule = (w) => {
  const axis = intAttribute(w.node, 'axis', -1);
  if (hasStatistics(w) || (axis !== -1 && axis + 1 !== w.rank(w.input(0)))) return null;
  const epsilon = floatAttribute(w.node, 'epsilon', 1e-5);
  w.give(byRootMeanSquare(w, { x: w.input(0), scale: w.input(1), epsilon }));
  return undefined;
};

/** The default of both with a skip. */
const SKIP_EPSILON = 1e-12;

function hasStatistics({ node }: Writer): boolean {
  return node.outputs.slice(1, 3).some((name) => name !== '');
}

/** input + skip, plus a bias if the node has that input. */
function skipped(w: Writer, bias: number): string {
  const sum = w.op('Add', [w.input(0), w.input(1)]);
  return w.input(bias) === '' ? sum : w.op('Add', [sum, w.input(bias)]);
}

/** x / √(mean(x²) + epsilon) · scale over the last axis. Source: Zhang & Sennrich 2019. */
function byRootMeanSquare(w: Writer, { x, scale, epsilon }: { x: string; scale: string; epsilon: number }): string {
  const mean = w.op('ReduceMean', [w.op('Mul', [x, x]), w.constant(int64Tensor([-1]))]);
  const deviation = w.op('Sqrt', [w.op('Add', [mean, w.scalar(epsilon)])]);
  return w.op('Mul', [w.op('Div', [x, deviation]), scale]);
}

export const NORMALIZATIONS = {
  SkipLayerNormalization: skipLayerNormalization,
  SkipSimplifiedLayerNormalization: skipSimplifiedLayerNormalization,
} as const;

/** onnxruntime has this one in the domain of ONNX, which does not know it. */
export const STANDARD_NORMALIZATIONS = { SimplifiedLayerNormalization: simplifiedLayerNormalization } as const;
