import { expect, it } from 'vitest';
import { AgreementTally } from '../../src/evaluate/agreement.js';

it('counts samples whose largest output is the same in both models', () => {
  const tally = new AgreementTally(2);
  tally.add(Float32Array.from([1, 2, 3, 0]), Float32Array.from([0, 9, 1, 2]));
  tally.add(Float32Array.from([5, 6]), Float32Array.from([1, 2]));
  expect(tally.agreement()).toBe(2 / 3);
});

it('keeps the largest absolute difference of any output', () => {
  const tally = new AgreementTally(2);
  tally.add(Float32Array.from([1, 2]), Float32Array.from([1.5, -1]));
  tally.add(Float32Array.from([0, 0]), Float32Array.from([0.25, 0]));
  expect(tally.maxAbsDiff()).toBe(3);
});
