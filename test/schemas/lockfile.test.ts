import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { Lockfile } from '../../src/artifacts/lockfile.js';
import { sha256 } from '../../src/core/hash.js';

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/lockfile.schema.json', import.meta.url), 'utf8'),
) as object;
const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);
const digest = sha256('x');

const LOCKFILE: Lockfile = {
  version: 1,
  recipe: { name: 'r', digest },
  runtime: { lathe: '0.1.0', onnxruntime: '1.30.0', provider: 'cpu', cpuClass: 'x64-avx2' },
  plugins: { './p.ts': digest },
  cells: {
    'pruned[keep=0.1]': {
      uses: 'prune',
      key: digest,
      options: { keep: 0.1, select: { exclude: ['fc2'] } },
      outputs: { model: { digest, bytes: 3 } },
      metrics: { sparsity: 0.9 },
    },
  },
};

test('a lockfile with everything fits its schema', () => {
  expect(validate(LOCKFILE), JSON.stringify(validate.errors)).toBe(true);
});

test.each(['version', 'recipe', 'runtime', 'plugins', 'cells'] as const)('a lockfile without %s does not', (key) => {
  const { [key]: _, ...rest } = LOCKFILE;
  expect(validate(rest)).toBe(false);
});

test('nor does one with a field that nobody knows', () => {
  expect(validate({ ...LOCKFILE, more: 1 })).toBe(false);
  expect(validate({ ...LOCKFILE, cells: { a: { ...LOCKFILE.cells['pruned[keep=0.1]'], more: 1 } } })).toBe(false);
});
