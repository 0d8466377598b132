import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { enlarge, randomCrop } from '../../../src/data/augment/crop.js';
import { imageOf, rowsOf } from './image-rig.js';

describe('a crop of a smaller window', () => {
  it('enlarges it bilinearly', () => {
    // The window of columns 0 and 1: centres of the four new pixels at −0.25, 0.25, 0.75, 1.25 of the old ones.
    const image = imageOf([
      [0, 4, 8, 12],
      [0, 4, 8, 12],
      [0, 4, 8, 12],
      [0, 4, 8, 12],
    ]);
    enlarge(image, 0.5, { y: 1, x: 0 });
    expect(rowsOf(image)).toEqual([0, 1, 2, 3].map(() => [0, 1, 3, 5]));
  });

  it('keeps an image whose window is all of it', () => {
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const image = imageOf(rows);
    enlarge(image, 1, { y: 0, x: 0 });
    expect(rowsOf(image)).toEqual(rows);
  });

  it('covers at least the given area, and stays inside', () => {
    const random = new Random(5);
    // Every pixel tells its column: the range of columns tells the window.
    const columns = Array.from({ length: 16 }, () => Array.from({ length: 16 }, (_, j) => j));
    for (let i = 0; i < 200; i++) {
      const image = imageOf(columns);
      randomCrop({ area: 0.25 })(image, random);
      const [first, last] = [image.values[0]!, image.values[15]!];
      expect(first).toBeGreaterThanOrEqual(0);
      expect(last).toBeLessThanOrEqual(15);
      // Half of the side: 8 columns, between whose outer centres lie 7.5 after enlarging; the border may hold back 0.25.
      expect(last - first).toBeGreaterThanOrEqual(7.25);
    }
  });
});
