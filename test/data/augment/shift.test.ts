import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { randomCrop } from '../../../src/data/augment/crop.js';
import { randomShift, shiftBy } from '../../../src/data/augment/shift.js';
import { imageOf, NUMBERS, rowsOf } from './image-rig.js';

describe('a shift', () => {
  it.each([
    [
      [0, 0],
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
    ],
    [
      [1, 0],
      [
        [-1, -1, -1],
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      [-2, 1],
      [
        [-1, 7, 8],
        [-1, -1, -1],
        [-1, -1, -1],
      ],
    ],
    [
      [1, -2],
      [
        [-1, -1, -1],
        [3, -1, -1],
        [6, -1, -1],
      ],
    ],
  ])('by [down, right] = %j', ([down, right], expected) => {
    const image = imageOf(NUMBERS);
    shiftBy(image, down!, right!);
    expect(rowsOf(image)).toEqual(expected);
  });

  it('brings in the background of each channel', () => {
    const image = imageOf(NUMBERS, NUMBERS);
    shiftBy(image, 0, 2);
    expect(rowsOf(image, 1)).toEqual([
      [-2, -2, 1],
      [-2, -2, 4],
      [-2, -2, 7],
    ]);
  });

  it('reaches every place within its bounds, and no other', () => {
    const random = new Random(3);
    const places = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const image = imageOf([
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
      ]);
      randomShift(2)(image, random);
      const at = image.values.indexOf(1);
      places.add(`${Math.floor(at / 5)},${at % 5}`);
    }
    expect(places.size).toBe(25);
    expect([...places].some((place) => place.includes('-'))).toBe(false);
  });

  it('is what a crop out of a margin does', () => {
    const [shifted, cropped] = [imageOf(NUMBERS), imageOf(NUMBERS)];
    randomShift(2)(shifted, new Random(8));
    randomCrop({ padding: 2 })(cropped, new Random(8));
    expect(rowsOf(cropped)).toEqual(rowsOf(shifted));
  });
});
