import { expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import { concatFlat, flatLayout, splitFlat } from '../../src/train/flat.js';

it('gives tensors one behind the other, with no Reshape that reads another', async () => {
  const b = new GraphBuilder();
  const flat = b.op('Reshape', [b.input('a', 'float32', [2, 2]), b.ints([4])]);
  const twice = b.op('Reshape', [b.op('Reshape', [flat, b.ints([1, 4])]), b.ints([4, 1])]);
  const read = b.op('Reshape', [b.input('c', 'float32', [2, 1]), b.ints([1, 2])]);
  b.output(b.op('Neg', [read]), 'negated');
  const layout = flatLayout([
    { name: 'first', dims: [4, 1] },
    { name: 'missing', dims: [1] },
    { name: 'last', dims: [1, 2] },
  ]);
  b.output(concatFlat(b, [twice, null, read], layout), 'vector');
  const shapes = b.graph.nodes.filter(({ opType }) => opType === 'Reshape');
  expect(shapes.map(({ inputs }) => inputs[0]).toSorted()).toEqual(['a', 'c', 'c']);
  const session = await Session.create(b.build());
  const { vector, negated } = await session.run({
    a: floatFeed(Float32Array.of(1, 2, 3, 4), [2, 2]),
    c: floatFeed(Float32Array.of(5, 6), [2, 1]),
  });
  await session.release();
  expect([...(vector!.data as Float32Array)]).toEqual([1, 2, 3, 4, 0, 5, 6]);
  expect([...(negated!.data as Float32Array)]).toEqual([-5, -6]);
});

it('gives pieces with their shapes, however many there are', () => {
  const b = new GraphBuilder();
  const layout = flatLayout(
    Array.from({ length: 70 }, (_, i) => ({ name: `w${i}`, dims: i % 2 === 0 ? [3] : [2, 2] })),
  );
  const pieces = splitFlat(b, b.input('vector', 'float32', [layout.size]), layout);
  expect([...pieces.values()].map(({ shape }) => shape)).toEqual(layout.entries.map(({ dims }) => dims));
});
