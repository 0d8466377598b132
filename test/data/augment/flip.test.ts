import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { flipHorizontally, flipVertically, randomFlip } from '../../../src/data/augment/flip.js';
import { imageOf, NUMBERS, rowsOf } from './image-rig.js';

const WIDE = [
  [1, 2, 3],
  [4, 5, 6],
];

describe('a flip', () => {
  it('mirrors every channel', () => {
    const image = imageOf(WIDE, WIDE);
    flipHorizontally(image);
    const mirrored = [
      [3, 2, 1],
      [6, 5, 4],
    ];
    expect([rowsOf(image, 0), rowsOf(image, 1)]).toEqual([mirrored, mirrored]);
    flipVertically(image);
    expect([rowsOf(image, 0), rowsOf(image, 1)]).toEqual([mirrored.toReversed(), mirrored.toReversed()]);
  });

  it('leaves the middle row of an odd height', () => {
    const image = imageOf(NUMBERS);
    flipVertically(image);
    expect(rowsOf(image)).toEqual(NUMBERS.toReversed());
  });

  it('happens to half of the images, in its direction only', () => {
    const random = new Random(1);
    const count = (direction: 'horizontal' | 'vertical' | 'both') => {
      const seen = new Map<string, number>();
      for (let i = 0; i < 400; i++) {
        const image = imageOf(WIDE);
        randomFlip(direction)(image, random);
        const key = rowsOf(image).flat().join('');
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      return Object.fromEntries([...seen].sort());
    };
    const about = (n: number) => expect.closeTo(n, -2);
    expect(count('horizontal')).toEqual({ 123456: about(200), 321654: about(200) });
    expect(count('vertical')).toEqual({ 123456: about(200), 456123: about(200) });
    expect(Object.keys(count('both'))).toEqual(['123456', '321654', '456123', '654321']);
  });
});
