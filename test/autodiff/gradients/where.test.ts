import type { CaseInput } from '../../support/gradcheck.js';
import { describeGradient, normal } from '../../support/gradcheck.js';

function mask(bits: readonly number[], ...dims: number[]): CaseInput {
  return { constant: { dataType: 'bool', dims, bytes: Uint8Array.from(bits) } };
}

describeGradient('Where', {
  'equal shapes': { inputs: [mask([1, 0, 0, 1], 2, 2), normal(2, 2), normal(2, 2)] },
  'broadcast sides': { inputs: [mask([1, 0, 1], 3), normal(2, 3), normal(2, 1)] },
});
