import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { cutOut, randomCutout } from '../../../src/data/augment/cutout.js';
import { imageOf, NUMBERS, rowsOf } from './image-rig.js';

describe('a cutout', () => {
  it('sets a square of every channel to 0', () => {
    const image = imageOf(NUMBERS, NUMBERS);
    cutOut(image, 2, { top: 1, left: 0 });
    const expected = [
      [1, 2, 3],
      [0, 0, 6],
      [0, 0, 9],
    ];
    expect([rowsOf(image, 0), rowsOf(image, 1)]).toEqual([expected, expected]);
  });

  it('ends at the border', () => {
    const image = imageOf(NUMBERS);
    cutOut(image, 2, { top: -1, left: 2 });
    expect(rowsOf(image)).toEqual([
      [1, 2, 0],
      [4, 5, 6],
      [7, 8, 9],
    ]);
  });

  it('lies about any pixel', () => {
    const random = new Random(4);
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const image = imageOf(NUMBERS);
      randomCutout(1)(image, random);
      seen.add(String(image.values.indexOf(0)));
    }
    expect([...seen].sort().join('')).toBe('012345678');
  });
});
