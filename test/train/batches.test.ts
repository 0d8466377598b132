import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { allocateBatch, BatchOrder, readInOrder } from '../../src/train/batches.js';
import { pointsDataset } from './rig.js';

const steps = (order: BatchOrder, from: number, to: number): number[][] =>
  Array.from({ length: to - from }, (_, i) => [...order.indices(from + i)]);

describe('BatchOrder', () => {
  it('visits every sample once an epoch and leaves out what does not fill a batch', () => {
    const order = new BatchOrder(10, 3, new Random(1));
    expect(order.stepsPerEpoch).toBe(3);
    const seen = steps(order, 0, 3).flat();
    expect(new Set(seen).size).toBe(9);
  });

  it('shuffles anew every epoch, from the seed', () => {
    const first = steps(new BatchOrder(10, 5, new Random(1)), 0, 4);
    const again = steps(new BatchOrder(10, 5, new Random(1)), 0, 4);
    const other = steps(new BatchOrder(10, 5, new Random(2)), 0, 4);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first.slice(2).flat()).not.toEqual(first.slice(0, 2).flat());
  });

  it('finds any step again without the ones before it', () => {
    const all = steps(new BatchOrder(10, 5, new Random(1)), 0, 6);
    expect([...new BatchOrder(10, 5, new Random(1)).indices(4)]).toEqual(all[4]);
  });
});

describe('readInOrder', () => {
  it('fills the last batch with repeats and says how many samples count', async () => {
    const data = pointsDataset(5);
    const batch = allocateBatch(data, 3);
    expect(await readInOrder(data.train, 3, batch, 3)).toBe(2);
    const x = new Float32Array(6);
    data.train.read([3, 4, 4], x, new Int32Array(3));
    expect(batch.x).toEqual(x);
  });
});
