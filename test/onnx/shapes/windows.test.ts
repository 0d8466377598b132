import fc from 'fast-check';
import { test } from 'vitest';
import { expectRealShapes } from './real-shapes.js';

const small = (min: number, max: number) => fc.integer({ min, max });
const pair = (item: fc.Arbitrary<number>) => fc.tuple(item, item);

const window = fc.record({
  size: pair(small(6, 11)),
  kernel: pair(small(1, 3)),
  stride: pair(small(1, 3)),
  dilation: pair(small(1, 2)),
  pads: fc.tuple(small(0, 1), small(0, 1), small(0, 1), small(0, 1)),
});

test('sliding windows of any stride, padding and dilation', async () => {
  await fc.assert(
    fc.asyncProperty(window, fc.boolean(), async ({ size, kernel, stride, dilation, pads }, isCeil) => {
      const attributes = { strides: stride, dilations: dilation };
      const pooled = {
        ...attributes,
        kernel_shape: kernel,
        pads: pads.map((pad, i) => Math.min(pad, kernel[i % 2]! - 1)),
        ceil_mode: Number(isCeil),
      };
      const input = { dims: [1, 2, ...size] };
      await expectRealShapes([input, { dims: [2, 2, ...kernel] }], (b, [x, w]) => [
        b.op('Conv', [x!, w!], { ...attributes, pads }),
        b.op('ConvTranspose', [x!, w!], { ...attributes, pads }),
        b.op('MaxPool', [x!], pooled),
      ]);
    }),
    { numRuns: 40 },
  );
});

test('slices with any start, end and step', async () => {
  const bound = small(-8, 8);
  const step = fc.constantFrom(-3, -2, -1, 1, 2, 3);
  await fc.assert(
    fc.asyncProperty(pair(bound), pair(bound), pair(step), async (starts, ends, steps) => {
      await expectRealShapes([{ dims: [5, 6] }], (b, [x]) => [
        b.op('Slice', [x!, b.ints(starts), b.ints(ends), b.ints([1, 0]), b.ints(steps)]),
      ]);
    }),
    { numRuns: 60 },
  );
});

test('products and sums of any ranks that go together', async () => {
  const shapes = fc
    .tuple(
      fc.array(small(1, 3), { maxLength: 3 }),
      small(0, 3),
      small(0, 3),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    )
    .map(([batch, dropA, dropB, ones]) => {
      const part = (drop: number, offset: number) =>
        batch.slice(Math.min(drop, batch.length)).map((dim, i) => (ones[(i + offset) % 6] ? 1 : dim));
      return [part(dropA, 0), part(dropB, 3)] as const;
    });
  await fc.assert(
    fc.asyncProperty(shapes, async ([left, right]) => {
      await expectRealShapes(
        [{ dims: [...left, 2, 3] }, { dims: [...right, 3, 4] }, { dims: [...right, 1, 3] }],
        (b, [x, y, z]) => [b.op('MatMul', [x!, y!]), b.op('Add', [x!, z!])],
      );
    }),
    { numRuns: 40 },
  );
});
