import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Dataset } from '../../src/data/dataset.js';
import { type Dim, GraphBuilder, type Model } from '../../src/onnx/index.js';
import { calibrationBatches } from '../../src/quantize/calibration-batches.js';

/** Ten samples [i, -i]. */
const data: Dataset = {
  inputShape: [2],
  target: { kind: 'class', classes: 2 },
  train: {
    count: 10,
    read: (indices, x) => {
      x.set(Array.from(indices).flatMap((index) => [index, -index]));
    },
  },
  validation: null,
  test: null,
};

function model(shape: Dim[]): Model {
  const b = new GraphBuilder();
  b.output(b.op('Relu', [b.input('x', 'float32', shape)]));
  return b.build();
}

async function batchesOf(shape: Dim[], samples: number, batch: number, seed = 1) {
  const batches = calibrationBatches(model(shape), { data, split: 'train', samples, batch }, new Random(seed));
  const read: { dims: readonly number[]; first: number[] }[] = [];
  for await (const feeds of batches) {
    const { dims, data: values } = feeds.x!;
    read.push({ dims, first: Array.from(values as Float32Array).filter((_, i) => i % 2 === 0) });
  }
  return read;
}

test('samples are drawn without repetition, in batches, the last one smaller', async () => {
  const read = await batchesOf(['batch', 2], 7, 3);
  expect(read.map(({ dims }) => dims)).toEqual([
    [3, 2],
    [3, 2],
    [1, 2],
  ]);
  expect(new Set(read.flatMap(({ first }) => first)).size).toBe(7);
});

test('equal seeds draw equal samples', async () => {
  expect(await batchesOf(['batch', 2], 5, 5, 3)).toEqual(await batchesOf(['batch', 2], 5, 5, 3));
  expect(await batchesOf(['batch', 2], 5, 5, 3)).not.toEqual(await batchesOf(['batch', 2], 5, 5, 4));
});

test('more samples than there are means all of them', async () => {
  const read = await batchesOf(['batch', 2], 500, 64);
  expect(read.flatMap(({ first }) => first).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a model with a fixed batch gets full batches, filled up with samples drawn before', async () => {
  const read = await batchesOf([4, 2], 6, 64);
  expect(read.map(({ dims }) => dims)).toEqual([
    [4, 2],
    [4, 2],
  ]);
  expect(read[1]!.first.slice(2)).toEqual(read[0]!.first.slice(0, 2));
});

test('a split that the data set does not have is refused', () => {
  const source = { data, split: 'validation', samples: 1, batch: 1 } as const;
  expect(() => calibrationBatches(model(['batch', 2]), source, new Random(1))).toThrow('has no validation split');
});

test('a model that takes samples of another shape is refused', () => {
  const source = { data, split: 'train', samples: 1, batch: 1 } as const;
  expect(() => calibrationBatches(model(['batch', 3]), source, new Random(1))).toThrowErrorMatchingInlineSnapshot(
    `[UserError: The model takes x [batch, 3]; the data set has samples of shape [2]. Calibrate with the data set that the model was trained on.]`,
  );
});
