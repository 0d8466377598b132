import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Dataset } from '../../src/data/dataset.js';
import { BatchSource, type BatchSourceOptions } from '../../src/train/batch-source.js';
import { allocateBatch } from '../../src/train/batches.js';
import { batchTarget, writeSoftLabels } from '../../src/train/soft-labels.js';
import { halvesDataset, samplesOf } from './rig.js';

const OPTIONS: BatchSourceOptions = { batch: 4, augment: null, classWeights: null, random: new Random(1) };

/** Fills steps in the given order; what each held. */
async function fillSteps(data: Dataset, changes: Partial<BatchSourceOptions>, steps: readonly number[]) {
  const options = { ...OPTIONS, ...changes };
  const source = new BatchSource(data, options);
  const { classWeights, augment } = options;
  const target = batchTarget({ target: data.target, classWeights, isMixed: augment?.mixup !== undefined });
  const filled = new Map<number, { x: number[]; y: number[] }>();
  for (const step of steps) {
    const batch = allocateBatch({ inputShape: data.inputShape, target }, 4);
    await source.fill(batch, step);
    filled.set(step, { x: [...batch.x], y: [...batch.y] });
  }
  return filled;
}

describe('a batch source', () => {
  const images = halvesDataset(16);
  const augment = { flip: 'horizontal', shift: 1, rotate: 10, cutout: 2, mixup: 0.3 } as const;

  it('makes any step again without the ones before it', async () => {
    const all = await fillSteps(images, { augment }, [0, 1, 2, 3, 4, 5]);
    const few = await fillSteps(images, { augment }, [5, 2]);
    expect(few.get(2)).toEqual(all.get(2));
    expect(few.get(5)).toEqual(all.get(5));
  });

  it('changes a sample anew in every epoch', async () => {
    // One batch an epoch: sorted, two epochs hold the same samples.
    const data = halvesDataset(4);
    const sorted = async (changes: Partial<BatchSourceOptions>) => {
      const filled = await fillSteps(data, changes, [0, 1]);
      return [0, 1].map((step) => filled.get(step)!.x.toSorted((a, b) => a - b));
    };
    const [first, second] = await sorted({});
    expect(second).toEqual(first);
    const [changed, again] = await sorted({ augment: { shift: 3 } });
    expect(changed).not.toEqual(first);
    expect(again).not.toEqual(changed);
  });

  it('blends the labels as it blends the samples', async () => {
    // A sample is its own label: one bright pixel per class.
    const x = Float32Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1 : 0));
    const classes = Int32Array.from({ length: 6 }, (_, i) => i);
    const data: Dataset = {
      inputShape: [6],
      target: { kind: 'class', classes: 6 },
      train: samplesOf(x, classes, 6),
      validation: null,
      test: null,
    };
    const { x: samples, y } = (await fillSteps(data, { augment: { mixup: 1 } }, [0])).get(0)!;
    expect(y.length).toBe(24);
    samples.forEach((value, i) => {
      expect(y[i]).toBeCloseTo(value, 6);
    });
    expect(y.some((share) => share > 0.05 && share < 0.95)).toBe(true);
  });

  it('blends values to regress too', async () => {
    const x = Float32Array.from({ length: 6 }, (_, i) => i);
    const data: Dataset = {
      inputShape: [1],
      target: { kind: 'value', shape: [2] },
      train: samplesOf(
        x,
        Float32Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? i / 2 : 100)),
        1,
        2,
      ),
      validation: null,
      test: null,
    };
    const { x: samples, y } = (await fillSteps(data, { augment: { mixup: 1 } }, [0])).get(0)!;
    samples.forEach((value, i) => {
      expect(y[2 * i]).toBeCloseTo(value, 5);
      expect(y[2 * i + 1]).toBeCloseTo(100, 4);
    });
  });
});

describe('soft labels', () => {
  const write = (labels: number[], options: Partial<Parameters<typeof writeSoftLabels>[2]>): number[] => {
    const rows = new Float32Array(2 * labels.length).fill(7);
    writeSoftLabels(rows, Int32Array.from(labels), { mix: null, classWeights: null, classes: 2, ...options });
    return [...rows];
  };

  it('are one-hot rows, or the blend of two', () => {
    expect(write([0, 1], {})).toEqual([1, 0, 0, 1]);
    const mix = { partner: Uint32Array.of(1, 1), share: Float32Array.of(0.75, 0.5) };
    expect(write([0, 1], { mix })).toEqual([0.75, 0.25, 0, 1]);
  });

  it('are scaled so that the mean of weighted losses is their weighted mean', () => {
    // Weights 1, 1, 4: W = 6, N / W = 1/2.
    expect(write([0, 0, 1], { classWeights: [1, 4] })).toEqual([0.5, 0, 0.5, 0, 0, 0.5]);
  });

  it('of a batch that counts nothing are 0', () => {
    expect(write([0, 0], { classWeights: [0, 4] })).toEqual([0, 0, 0, 0]);
  });
});
