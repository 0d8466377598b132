import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GRADIENTS } from '../../src/autodiff/gradients/index.js';
import { operatorsWithVectors } from '../support/gradient-vectors.js';

const ROOT = new URL('../../', import.meta.url);
const FILES = readdirSync(new URL('src/autodiff/gradients', ROOT))
  .filter((name) => name !== 'index.ts')
  .map((name) => name.replace(/\.ts$/, ''))
  .sort();

/** Operators that PyTorch does not have as a differentiable function of its own. */
const WITHOUT_VECTORS = new Set([
  'Cast',
  'Ceil',
  'DequantizeLinear',
  'Dropout',
  'Floor',
  'GatherND',
  'Gelu',
  'GroupNormalization',
  'Identity',
  'MeanVarianceNormalization',
  'QuantizeLinear',
  'RMSNormalization',
  'Round',
  'ScatterND',
  'Sign',
  'SpaceToDepth',
  'Swish',
  'Where',
]);

describe('every gradient', () => {
  it('stands in a file of its name, and the index lists them in order', () => {
    const operators = GRADIENTS.map(({ opType }) => opType);
    expect(operators).toEqual([...operators].sort());
    expect(operators.map(fileOf).sort()).toEqual(FILES);
  });

  it('has a test of its own', () => {
    const missing = FILES.filter((name) => !existsSync(new URL(`test/autodiff/gradients/${name}.test.ts`, ROOT)));
    expect(missing).toEqual([]);
  });

  it('has a row in docs/autodiff.md, and every row has a gradient', () => {
    const text = readFileSync(new URL('docs/autodiff.md', ROOT), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)`\s+\|/gm)].map((match) => match[1]!);
    expect(rows).toEqual(GRADIENTS.map(({ opType }) => opType));
  });

  it('is compared with PyTorch where PyTorch has the operator', () => {
    const vectors = operatorsWithVectors();
    const missing = GRADIENTS.map(({ opType }) => opType).filter((op) => !vectors.has(op) && !WITHOUT_VECTORS.has(op));
    expect(missing).toEqual([]);
  });
});

/** BatchNormalization → batch-normalization; runs of capitals stay together. */
function fileOf(opType: string): string {
  const special: Record<string, string> = { PRelu: 'prelu', ScatterND: 'scatter-nd' };
  return (
    special[opType] ??
    opType
      .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
      .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
      .toLowerCase()
  );
}
