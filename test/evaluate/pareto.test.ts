import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kneeOf, paretoFront } from '../../src/evaluate/pareto.js';

describe('the Pareto front', () => {
  it('has the points that no other one beats in everything', () => {
    //  cost:    0       1       2       3       4
    const costs = [
      [1, 9],
      [2, 4],
      [3, 5],
      [5, 3],
      [9, 1],
    ] as const; // 2 is beaten by 1
    expect(paretoFront(costs)).toEqual([0, 1, 3, 4]);
  });

  it('keeps equal points, and of one objective all that are best', () => {
    expect(
      paretoFront([
        [1, 2],
        [1, 2],
        [2, 2],
      ]),
    ).toEqual([0, 1]);
    expect(paretoFront([[3], [1], [2], [1]])).toEqual([1, 3]);
    expect(paretoFront([])).toEqual([]);
  });

  it('beats every point that is not on it, and none that is', () => {
    const point = fc.tuple(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
    );
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 20 }), (costs) => {
        const front = new Set(paretoFront(costs));
        // Another definition: a point is on the front if whoever is better somewhere is worse somewhere else.
        costs.forEach((own, index) => {
          const rivals = costs.filter((other) => other.some((cost, at) => cost < own[at]!));
          expect(front.has(index)).toBe(rivals.every((other) => other.some((cost, at) => cost > own[at]!)));
        });
      }),
    );
  });
});

describe('the knee of a front', () => {
  it('is the point that lies farthest inside the line between the ends', () => {
    // Scaled to 0..1: (0, 1), (0.125, 0.375), (0.5, 0.25), (1, 0); the line is x + y = 1.
    expect(
      kneeOf([
        [1, 9],
        [2, 4],
        [5, 3],
        [9, 1],
      ]),
    ).toBe(1);
  });

  it('does not depend on the units of the objectives', () => {
    expect(
      kneeOf([
        [1000, 9],
        [2000, 4],
        [5000, 3],
        [9000, 1],
      ]),
    ).toBe(1);
  });

  it('is the first point of a straight front, of two, and of one', () => {
    expect(
      kneeOf([
        [0, 0.3],
        [0.1, 0.2],
        [0.2, 0.1],
        [0.3, 0],
      ]),
    ).toBe(0);
    expect(
      kneeOf([
        [1, 2],
        [2, 1],
      ]),
    ).toBe(0);
    expect(kneeOf([[5, 5]])).toBe(0);
  });
});
