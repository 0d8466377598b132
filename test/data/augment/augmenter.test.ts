import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { Augmenter } from '../../../src/data/augment/augmenter.js';
import type { AugmentOptions } from '../../../src/data/augment/option.js';

const IMAGES = { inputShape: [2, 6, 5], normalization: { mean: [4, 0], std: [2, 1] } };
const SIZE = 60;
const EVERYTHING: AugmentOptions = { flip: 'both', shift: 1, crop: { area: 0.5 }, rotate: 20, cutout: 2 };

const augmenterOf = (options: AugmentOptions, data: ConstructorParameters<typeof Augmenter>[1] = IMAGES, seed = 1) =>
  new Augmenter(options, data, new Random(seed));

/** Samples of a batch that stand at these positions of the split, each with contents of its own. */
const batchAt = (positions: readonly number[]) =>
  Float32Array.from(positions.flatMap((position) => Array.from({ length: SIZE }, (_, i) => 1 + position + 0.01 * i)));

describe('an augmenter', () => {
  it('does to a sample the same in any batch, at any time', () => {
    const changed = (positions: readonly number[], epoch: number): Map<number, string> => {
      const x = batchAt(positions);
      augmenterOf(EVERYTHING).changeImages(x, positions, epoch);
      return new Map(positions.map((position, i) => [position, x.subarray(i * SIZE, (i + 1) * SIZE).join()]));
    };
    const together = changed([7, 2, 9], 3);
    expect(changed([9], 3).get(9)).toBe(together.get(9));
    expect(changed([2, 7], 3).get(2)).toBe(together.get(2));
    expect(changed([9], 4).get(9)).not.toBe(together.get(9));
  });

  it('depends on the seed', () => {
    const [one, other] = [batchAt([0, 1, 2]), batchAt([0, 1, 2])];
    augmenterOf(EVERYTHING).changeImages(one, [0, 1, 2], 0);
    augmenterOf(EVERYTHING, IMAGES, 2).changeImages(other, [0, 1, 2], 0);
    expect(one).not.toEqual(other);
  });

  it('fills with black, a stored 0, in every channel', () => {
    const seen = [new Set<number>(), new Set<number>()];
    for (let position = 0; position < 50; position++) {
      const x = new Float32Array(SIZE).fill(1000);
      augmenterOf({ shift: 2 }).changeImages(x, [position], 0);
      for (let i = 0; i < SIZE; i++) seen[i < SIZE / 2 ? 0 : 1]!.add(x[i]!);
    }
    expect(seen).toEqual([new Set([1000, -2]), new Set([1000, 0])]);
  });

  it('leaves images alone if it is to blend only', () => {
    const x = batchAt([0, 1]);
    const augmenter = augmenterOf({ mixup: 0.2 }, { inputShape: [60] });
    augmenter.changeImages(x, [0, 1], 0);
    expect(x).toEqual(batchAt([0, 1]));
    expect(augmenter.mixOf(5, 8)).toEqual(augmenterOf({ mixup: 0.2 }, { inputShape: [60] }).mixOf(5, 8));
    expect(augmenter.mixOf(5, 8)).not.toEqual(augmenter.mixOf(6, 8));
    expect(augmenterOf({ flip: 'both' }).mixOf(5, 8)).toBe(null);
  });

  it('refuses samples that are no images, by the name of the option', () => {
    expect(() => augmenterOf({ mixup: 1, rotate: 10 }, { inputShape: [13] })).toThrowErrorMatchingInlineSnapshot(
      `[UserError: augment.rotate changes images, [channels, height, width], but the samples are [13]. Leave it out for these data; mixup suits samples of any shape.]`,
    );
  });

  it('refuses pixels that the image does not have', () => {
    expect(() => augmenterOf({ crop: { padding: 5 } })).toThrowErrorMatchingInlineSnapshot(
      `[UserError: augment.crop.padding is 5 pixels, but the images are 6×5. It must be less than the height and the width.]`,
    );
    expect(() => augmenterOf({ shift: 5 })).toThrow('augment.shift is 5 pixels');
    expect(() => augmenterOf({ cutout: 6 })).toThrow('augment.cutout is 6 pixels');
  });
});
