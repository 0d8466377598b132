import { expect, test } from 'vitest';
import { differentiability } from '../../src/autodiff/index.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';

function lines(build: (b: GraphBuilder, x: Value) => void): string[] {
  const b = new GraphBuilder();
  build(b, b.input('x', 'float32', ['N', 3, 3]));
  return differentiability(b.build()).map(
    ({ name, differentiable, needsGradient, why }) =>
      `${name}: ${needsGradient ? 'needed' : 'not needed'}, ${differentiable ? 'there' : why}`,
  );
}

const INTEGERS = 'its result is made of integers or truth values, which have no gradient';
const SHAPE = 'not needed, not needed: it computes a shape or an index';

test('a node that data or weights go into is told by whether a gradient flows through, and why not', () => {
  const found = lines((b, x) => {
    const weight = b.initializer('weight', floatTensor(new Array(9).fill(1), [3, 3]));
    const product = b.op('MatMul', [x, b.op('Hardmax', [weight], {}, { name: 'ofWeights' })], {}, { name: 'product' });
    b.output(b.op('Det', [product], {}, { name: 'ofData' }));
    b.output(b.op('ArgMax', [product], { axis: 1 }, { name: 'best' }));
  });
  expect(found).toEqual([
    'ofWeights: needed, no rule for this operator',
    'product: needed, there',
    'ofData: needed, no rule for this operator',
    `best: needed, ${INTEGERS}`,
  ]);
});

test('shape arithmetic needs no gradient, in integers or in floats, up to where it meets the data', () => {
  const found = lines((b, x) => {
    const shape = b.op('Shape', [x], {}, { name: 'shape' });
    const rows = b.op('Gather', [shape, b.ints([1])], {}, { name: 'rows' });
    const half = b.op('Mul', [b.op('Cast', [rows], { to: 1 }, { name: 'float' }), b.scalar(0.5)], {}, { name: 'half' });
    const odd = b.op('IsNaN', [half], {}, { name: 'odd' });
    const target = b.op('Cast', [half], { to: 7 }, { name: 'target' });
    b.output(b.op('Expand', [x, target], {}, { name: 'expand' }));
    b.output(odd);
  });
  expect(found).toEqual([
    `shape: ${SHAPE}`,
    `rows: ${SHAPE}`,
    'float: not needed, there',
    'half: not needed, there',
    `odd: ${SHAPE}`,
    `target: ${SHAPE}`,
    'expand: needed, there',
  ]);
});

test('indices that come from outside, or from data, need no gradient behind them', () => {
  const found = lines((b, x) => {
    const ids = b.input('ids', 'int64', ['N']);
    const next = b.op('Add', [ids, b.ints([1])], {}, { name: 'next' });
    const best = b.op('ArgMax', [x], { axis: 0, keepdims: 0 }, { name: 'best' });
    b.output(b.op('Mod', [best, b.ints([2])], {}, { name: 'parity' }));
    const table = b.initializer('table', floatTensor(new Array(8).fill(1), [4, 2]));
    b.output(b.op('Gather', [table, next], {}, { name: 'embed' }));
  });
  expect(found).toEqual([`next: ${SHAPE}`, `best: needed, ${INTEGERS}`, `parity: ${SHAPE}`, 'embed: needed, there']);
});
