import { describe, expect, it } from 'vitest';
import {
  BUILT_IN_RULES,
  buildBackward,
  checkDifferentiable,
  differentiability,
  supportedOperators,
} from '../../src/autodiff/index.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatTensor } from '../../src/onnx/tensor.js';

/** x → early weight → Det (no rule) … or not → late weight → y */
function model(breaks: boolean): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 3, 3]);
  const early = b.initializer('early', floatTensor(new Array(9).fill(1), [3, 3]));
  const late = b.initializer('late', floatTensor([1], [1]));
  const product = b.op('MatMul', [x, early], {}, { name: 'product' });
  const middle = breaks
    ? b.op('Det', [product], {}, { name: 'volume' })
    : b.op('ReduceMean', [product], { keepdims: 0 }, { name: 'mean' });
  const rank = b.op('ArgMax', [product], { axis: 1, keepdims: 0 }, { name: 'best' });
  b.output(b.op('Mul', [middle, late], {}, { name: 'gain' }));
  b.output(rank);
  return b.build();
}

describe('checkDifferentiable', () => {
  it('accepts a model whose trained weights reach the output through rules', () => {
    expect(() => checkDifferentiable(model(false), ['early', 'late'])).not.toThrow();
  });

  it('accepts an operator without a rule before the first trained weight', () => {
    expect(() => checkDifferentiable(model(true), ['late'])).not.toThrow();
  });

  it('refuses one behind a trained weight, with its name and what is supported', () => {
    expect(() => checkDifferentiable(model(true), ['early'])).toThrowError(
      expect.objectContaining({
        code: 'AUTODIFF_NO_RULE',
        problem: 'The node "volume" (Det) has no gradient, and lies between what is trained and the loss.',
        place: { kind: 'graph', node: 'volume', opType: 'Det' },
      }),
    );
  });

  it('lists the operators it supports in order', () => {
    const names = supportedOperators(BUILT_IN_RULES);
    expect(names).toEqual([...names].sort());
    expect(names).toContain('Conv');
  });

  it('refuses a form that the rule does not cover', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 2, 4, 4]);
    const weight = b.initializer('weight', floatTensor([1], [1]));
    const scales = b.constant(floatTensor([1, 1, 2, 2], [4]));
    const scaled = b.op('Mul', [x, weight]);
    b.output(b.op('Resize', [scaled, null, scales], { mode: 'linear', antialias: 1 }, { name: 'up' }), 'y');
    expect(() => checkDifferentiable(b.build(), ['weight'])).toThrowError(
      'The node "up" (Resize) has no gradient in this form: antialiasing.',
    );
  });
});

describe('a pool whose pads onnxruntime works out without its dilations', () => {
  it.each(['MaxPool', 'AveragePool'])('is refused: %s', (opType) => {
    const b = new GraphBuilder({ opset: 19 });
    const x = b.op('Mul', [b.input('x', 'float32', [1, 1, 7, 7]), b.initializer('weight', floatTensor([1], [1]))]);
    const attributes = { kernel_shape: [3, 3], dilations: [2, 2], auto_pad: 'SAME_UPPER' };
    b.output(b.op(opType, [x], attributes, { name: 'pool' }), 'y');
    expect(() => checkDifferentiable(b.build(), ['weight'])).toThrowError(
      `The node "pool" (${opType}) has no gradient in this form: auto_pad together with dilations.`,
    );
  });
});

it('asks a pooling node without a window about itself without stumbling', () => {
  const b = new GraphBuilder();
  b.output(
    b.op('MaxPool', [b.input('x', 'float32', [1, 1, 4, 4])], { auto_pad: 'SAME_UPPER', dilations: [2, 2] }),
    'y',
  );
  expect(() => differentiability(b.build())).not.toThrow();
});

it('refuses a bias that does not fit its product as a mistake of the model', () => {
  const b = new GraphBuilder();
  const [x, w, c] = (
    [
      [4, 3],
      [3, 5],
      [5, 6],
    ] as const
  ).map((dims, i) => b.input(`in${i}`, 'float32', dims));
  b.append({
    name: 'fc',
    opType: 'Gemm',
    domain: '',
    inputs: [x!, w!, c!].map(({ name }) => name),
    outputs: ['y'],
    attributes: new Map(),
  });
  const y = b.value('y');
  const loss = b.op('ReduceSum', [y], { keepdims: 0 });
  expect(() => buildBackward(b, loss, [c!])).toThrow(expect.objectContaining({ code: 'ONNX_SHAPE' }));
});
