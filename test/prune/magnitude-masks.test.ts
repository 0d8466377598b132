import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Criterion, magnitudeMasks, type Scope } from '../../src/prune/magnitude-masks.js';
import { modelOf } from './weights.js';

function masksOf(layers: Record<string, number[]>, criterion: Criterion, scope: Scope = 'layer') {
  const { masks } = magnitudeMasks(modelOf(layers), { weights: Object.keys(layers), criterion, scope });
  return Object.fromEntries([...masks].map(([name, mask]) => [name, [...mask].join('')]));
}

test('counts agree with the masks of torch.nn.utils.prune', () => {
  const reference = JSON.parse(readFileSync('test/fixtures/prune/torch-masks.json', 'utf8')) as {
    weights: { values: number[] }[];
    cases: { scope: Scope; keep: number; masks: number[][] }[];
  };
  const layers = Object.fromEntries(reference.weights.map((weight, index) => [`w${index}`, weight.values]));
  for (const { scope, keep, masks } of reference.cases) {
    const expected = Object.fromEntries(masks.map((mask, index) => [`w${index}`, mask.join('')]));
    expect(masksOf(layers, { keep }, scope)).toEqual(expected);
  }
});

test('weights below the threshold go, those at it stay', () => {
  expect(masksOf({ w: [0.01, -0.009, 0.02, -0.01, 0] }, { threshold: 0.01 })).toEqual({ w: '10110' });
});

test('threshold 0 prunes the zeros only', () => {
  expect(masksOf({ w: [0, -0, 1e-45, -3] }, { threshold: 0 })).toEqual({ w: '0011' });
});

test('a layer whose weights are all below the threshold keeps its largest one', () => {
  const model = modelOf({ a: [1, 2], b: [0.1, -0.3, 0.2] });
  const { masks, layers } = magnitudeMasks(model, { weights: ['a', 'b'], criterion: { threshold: 1 }, scope: 'layer' });
  expect([...masks.get('b')!]).toEqual([0, 1, 0]);
  expect(layers).toEqual([
    { name: 'a', total: 2, kept: 2, threshold: 1, isRescued: false },
    { name: 'b', total: 3, kept: 1, threshold: 1, isRescued: true },
  ]);
});

test('a share keeps ceil(keep × n) weights of every layer', () => {
  expect(masksOf({ a: [1, 2, 3], b: [5, 4, 3, 2] }, { keep: 0.5 })).toEqual({ a: '011', b: '1100' });
});

test('a share that is no binary fraction keeps the number a person would compute', () => {
  const layer = Array.from({ length: 100 }, (_, index) => index + 1);
  const kept = (keep: number) => masksOf({ w: layer }, { keep }).w!.replaceAll('0', '').length;
  // 0.07 × 100 = 7.000000000000001 in floating point.
  expect([0.07, 0.1, 0.29, 0.57].map(kept)).toEqual([7, 10, 29, 57]);
});

test('keep 1 prunes nothing', () => {
  expect(masksOf({ w: [0, 1, 2] }, { keep: 1 })).toEqual({ w: '111' });
});

test('a tiny share keeps one weight of a layer', () => {
  expect(masksOf({ w: [1, 3, 2] }, { keep: 0.0001 })).toEqual({ w: '010' });
});

test('zeros that are there already count as pruned', () => {
  expect(masksOf({ w: [0, 0, 5, 4] }, { keep: 0.5 })).toEqual({ w: '0011' });
});

test('equal weights are pruned from the front', () => {
  expect(masksOf({ w: [1, -1, 1, -1] }, { keep: 2 })).toEqual({ w: '0011' });
});

test('in scope global the weights of all layers compete', () => {
  expect(masksOf({ a: [1, 2, 9], b: [3, 4, 5] }, { keep: 3 }, 'global')).toEqual({ a: '001', b: '011' });
});

test('in scope global a layer that would be emptied keeps its largest weight, within the count', () => {
  const model = modelOf({ a: [0.1, 0.3, 0.2], b: [3, 4, 5] });
  const request = { weights: ['a', 'b'], criterion: { keep: 3 }, scope: 'global' as const };
  const { masks, layers } = magnitudeMasks(model, request);
  expect([...masks.values()].map((mask) => [...mask].join(''))).toEqual(['010', '011']);
  expect(layers.map((layer) => layer.isRescued)).toEqual([true, false]);
});

test('in scope layer a count holds per layer, and a smaller layer stays whole', () => {
  expect(masksOf({ a: [1, 2], b: [1, 2, 3, 4] }, { keep: 3 })).toEqual({ a: '11', b: '0111' });
});

test('a count beyond the selected weights is refused', () => {
  expect(() => masksOf({ a: [1, 2], b: [3] }, { keep: 4 }, 'global')).toThrowErrorMatchingInlineSnapshot(
    `[UserError: keep: 4 is more than the 3 weights that the selected layers have. Nothing would be pruned: give a smaller count, or a share between 0 and 1.]`,
  );
  expect(() => masksOf({ a: [1, 2], b: [3] }, { keep: 4 }, 'layer')).toThrowErrorMatchingInlineSnapshot(
    `[UserError: keep: 4 is more than the 2 weights that the largest selected layer has. Nothing would be pruned: give a smaller count, or a share between 0 and 1.]`,
  );
});

test('a count that leaves layers without weights is refused', () => {
  expect(() => masksOf({ a: [1], b: [2], c: [3] }, { keep: 2 }, 'global')).toThrowErrorMatchingInlineSnapshot(
    `[UserError: Keeping 2 weights of 3 layers would leave layers without any. Raise keep to at least one weight a layer, or exclude layers with select.]`,
  );
});

test('deviations multiply the standard deviation of the layer, or of all', () => {
  // a: mean 0, std 2; b: mean 0, std 20; together std sqrt(202) = 14.2.
  const layers = { a: [2, -2, 2, -2], b: [20, -20, 20, -20] };
  expect(masksOf(layers, { deviations: 0.9 }, 'layer')).toEqual({ a: '1111', b: '1111' });
  expect(masksOf(layers, { deviations: 0.1 }, 'global')).toEqual({ a: '1111', b: '1111' });
  // Nothing of a reaches 14.2; it keeps the last of its equals.
  expect(masksOf(layers, { deviations: 1 }, 'global')).toEqual({ a: '0001', b: '1111' });
});

test('a layer of one weight, or of equal weights, has deviation 0 and stays', () => {
  expect(masksOf({ a: [3], b: [7, 7, 7] }, { deviations: 2 })).toEqual({ a: '1', b: '111' });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('a weight of %s is refused by name', (bad) => {
  expect(() => masksOf({ w: [1, bad, 2] }, { keep: 0.5 })).toThrow(`The weights of "w" hold ${bad} at position 1.`);
});

test('half-way through a schedule the nonzero weights shrink towards the goal', () => {
  const weights = Array.from({ length: 10 }, (_, index) => (index < 2 ? 0 : index));
  const gradual = { remaining: 0.5, initialNonzero: new Map([['w', 8]]) };
  const request = { weights: ['w'], criterion: { keep: 2 }, scope: 'layer' as const, gradual };
  expect(magnitudeMasks(modelOf({ w: weights }), request).layers[0]!.kept).toBe(5);
});
