import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { randomRotation, rotateBy } from '../../../src/data/augment/rotate.js';
import { imageOf, NUMBERS, rowsOf } from './image-rig.js';

interface Reference {
  readonly image: number[][];
  readonly background: number;
  readonly cases: Record<string, number[][]>;
}

// Made by test/fixtures/generate/rotations.py.
const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/data/rotations.json', import.meta.url), 'utf8'),
) as Reference;

describe('a rotation', () => {
  it('by a quarter turns the rows into columns, counterclockwise', () => {
    const image = imageOf(NUMBERS);
    rotateBy(image, 90);
    expect(rowsOf(image).map((row) => row.map(Math.round))).toEqual([
      [3, 6, 9],
      [2, 5, 8],
      [1, 4, 7],
    ]);
  });

  it.each(Object.entries(reference.cases))('by %s degrees agrees with PyTorch', (degrees, expected) => {
    const image = { ...imageOf(reference.image), background: Float32Array.of(reference.background) };
    rotateBy(image, Number(degrees));
    rowsOf(image).forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(expected[i]![j]!, 4);
      });
    });
  });

  it('stays within its bounds, both ways', () => {
    const random = new Random(2);
    // The only bright pixel lies right of the middle: its height after the turn tells the angle.
    const lows: number[] = [];
    for (let i = 0; i < 100; i++) {
      const image = imageOf(
        Array.from({ length: 41 }, (_, r) => Array.from({ length: 41 }, (_, c) => (r === 20 && c === 40 ? 1000 : 0))),
      );
      randomRotation(30)(image, random);
      lows.push(Math.floor(image.values.indexOf(Math.max(...image.values)) / 41));
    }
    // 20 pixels from the middle, 30° up or down: 10 rows.
    expect(Math.min(...lows)).toBeGreaterThanOrEqual(9);
    expect(Math.min(...lows)).toBeLessThan(13);
    expect(Math.max(...lows)).toBeLessThanOrEqual(31);
    expect(Math.max(...lows)).toBeGreaterThan(27);
  });
});
