import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { withStandIns } from '../../src/onnx/stand-ins.js';
import { floatsOf, floatTensor } from '../../src/onnx/tensor.js';

function network() {
  const b = new GraphBuilder({ name: 'net' });
  const x = b.input('input', 'float32', ['batch', 2]);
  const weight = b.initializer('fc.weight', floatTensor([0, 0, 0, 0, 0, 0], [3, 2]));
  const bias = b.initializer('fc.bias', floatTensor([0, 0, 0], [3]));
  b.output(b.op('Gemm', [x, weight, bias], { transB: 1 }, { name: 'fc' }), 'logits');
  return b.build();
}

describe('stand-ins', () => {
  it('are a number other than 0 in the tensors that are named, and the model itself stays as it is', () => {
    const model = network();
    const { initializers } = withStandIns(model, ['fc.weight']).graph;
    expect(floatsOf(initializers.get('fc.weight')!).every((value) => value > 0 && Number.isFinite(value))).toBe(true);
    expect([...floatsOf(initializers.get('fc.bias')!)]).toEqual([0, 0, 0]);
    expect([...floatsOf(model.graph.initializers.get('fc.weight')!)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('are 0 where a mask says so', () => {
    const masks = new Map([['fc.weight', Uint8Array.of(1, 0, 1, 1, 0, 0)]]);
    const { initializers } = withStandIns(network(), ['fc.weight', 'fc.bias'], masks).graph;
    expect([...floatsOf(initializers.get('fc.weight')!)].map((value) => value !== 0)).toEqual([
      true,
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(floatsOf(initializers.get('fc.bias')!).includes(0)).toBe(false);
  });
});
