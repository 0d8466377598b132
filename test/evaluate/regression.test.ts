import { expect, it } from 'vitest';
import { RegressionTally } from '../../src/evaluate/regression.js';

it('takes the mean of the squared errors over all values of all batches', () => {
  const tally = new RegressionTally();
  tally.add(Float32Array.from([1, 2, 3, 4]), [1, 0, 3, 1]);
  tally.add(Float32Array.from([0, 0]), [1, 2]);
  expect(tally.meanSquaredError()).toBe((0 + 4 + 0 + 9 + 1 + 4) / 6);
});
