import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lockDifferences } from '../../src/artifacts/lock-differences.js';
import {
  type Lockfile,
  lockfilePath,
  parseLockfile,
  readLockfile,
  writeLockfile,
} from '../../src/artifacts/lockfile.js';
import { lockfileText } from '../../src/artifacts/lockfile-text.js';
import { sha256 } from '../../src/core/hash.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// biome-ignore lint/suspicious/noExplicitAny: the changes of these tests reach into a lockfile as plain data
type Loose = Record<string, any>;

const KEY = 'ab'.repeat(32);
const DIGEST = 'cd'.repeat(32);

const lockfile = (): Lockfile => ({
  version: 1,
  recipe: { name: 'digits', digest: DIGEST },
  runtime: { lathe: '0.1.0', onnxruntime: '1.30.0', provider: 'cpu', cpuClass: 'x64-avx2' },
  plugins: { './my-prune.ts': DIGEST },
  cells: {
    'pruned[keep=0.1]': {
      uses: 'prune',
      key: KEY,
      options: { scope: 'global', keep: 0.1, select: { exclude: ['fc2'] }, note: 'yes' },
      outputs: { model: { digest: DIGEST, bytes: 178 } },
      metrics: { sparsity: 0.9, loss: 1e-7 },
    },
    baseline: { uses: 'train', key: KEY, options: {}, outputs: {}, metrics: {} },
  },
});

describe('the text of a lockfile', () => {
  it('has sorted keys, one value a line', () => {
    expect(lockfileText(lockfile(), 'digits.yaml')).toBe(`\
# What \`lathe run digits.yaml\` came to. Written by Lathe; keep it in version control, see docs/reproduce.md.
version: 1
recipe:
  digest: ${DIGEST}
  name: digits
runtime:
  cpuClass: x64-avx2
  lathe: 0.1.0
  onnxruntime: 1.30.0
  provider: cpu
plugins:
  ./my-prune.ts: ${DIGEST}
cells:
  baseline:
    key: ${KEY}
    metrics: {}
    options: {}
    outputs: {}
    uses: train
  "pruned[keep=0.1]":
    key: ${KEY}
    metrics:
      loss: 1e-7
      sparsity: 0.9
    options:
      keep: 0.1
      note: "yes"
      scope: global
      select: {"exclude":["fc2"]}
    outputs:
      model:
        bytes: 178
        digest: ${DIGEST}
    uses: prune
`);
  });

  it('gives back what was written, to readers of YAML 1.2 and 1.1, whatever names and values are', async () => {
    // Unusual texts are where quoting goes wrong: numbers, words that YAML knows, other alphabets, control characters.
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'null',
        'No',
        'y',
        '1_000',
        '0x1f',
        '1e5',
        '.inf',
        '-',
        '1.30',
        '685.230_15e+03',
        '00',
        '1.2.3',
        '0b11',
        '+1',
      ),
      fc.stringMatching(/^[0-9a-f.:_ex+-]{1,12}$/),
    );
    const value = fc.oneof(
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(text),
    );
    const names = text.filter((name) => name !== '__proto__');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, value), names, text, async (options, cell, name) => {
        const { cells, ...head } = lockfile();
        const written: Lockfile = {
          ...head,
          recipe: { name, digest: DIGEST },
          cells: { [cell]: { ...cells.baseline!, options } },
        };
        // JSON has no -0.
        const expected = JSON.parse(JSON.stringify(written)) as Lockfile;
        const result = lockfileText(written, 'r.yaml');
        expect(await parseLockfile(result, 'r.lock.yaml')).toEqual(expected);
        expect(parse(result, { version: '1.1' })).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the file', () => {
  it('lies beside the recipe', () => {
    expect(lockfilePath('/a/digits.yaml')).toBe('/a/digits.lock.yaml');
    expect(lockfilePath('/a/digits.v2.yml')).toBe('/a/digits.v2.lock.yaml');
  });

  it('is left alone if it says the same, also with the line ends of Windows', async () => {
    const path = join(temporaryFolder({}), 'r.lock.yaml');
    expect(await readLockfile(path)).toBeNull();
    expect(await writeLockfile(path, 'a: 1\nb: 2\n')).toBe(true);
    expect(await writeLockfile(path, 'a: 1\nb: 2\n')).toBe(false);
    writeFileSync(path, 'a: 1\r\nb: 2\r\n');
    const { mtimeMs } = statSync(path);
    expect(await writeLockfile(path, 'a: 1\nb: 2\n')).toBe(false);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    expect(await writeLockfile(path, 'a: 2\n')).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('a: 2\n');
  });

  it.each([
    ['version: 2\n', 'its version is 2, not 1'],
    ['a: [', 'it is no YAML'],
    ['', 'it is no mapping'],
    ['version: 1\n', 'recipe or runtime is missing'],
  ])('that is %j is refused', async (text, problem) => {
    await expect(parseLockfile(text, '/r.lock.yaml')).rejects.toMatchObject({
      code: 'LOCK_INVALID',
      message: expect.stringContaining(problem),
    });
  });
});

describe('differences between two lockfiles', () => {
  const texts = (change: (lock: Loose) => void, reasons?: Map<string, string>) => {
    const changed = structuredClone(lockfile()) as unknown as Loose;
    change(changed);
    return lockDifferences(lockfile(), changed as unknown as Lockfile, reasons).map(({ text }) => text);
  };
  const other = sha256('other');

  it('are none between equal ones', () => {
    expect(texts(() => {})).toEqual([]);
  });

  it('name the field with its old and new value', () => {
    expect(
      texts((lock) => {
        lock.runtime.cpuClass = 'x64-avx512';
        lock.plugins['./my-prune.ts'] = other;
        lock.cells['pruned[keep=0.1]'].metrics.sparsity = 0.8;
        lock.cells['pruned[keep=0.1]'].outputs.model.digest = other;
      }),
    ).toEqual([
      'cpuClass x64-avx2 → x64-avx512',
      `plugin ./my-prune.ts cdcdcdcdcdcd… → ${other.slice(0, 12)}…`,
      `pruned[keep=0.1]: model cdcdcdcdcdcd… → ${other.slice(0, 12)}…`,
      'pruned[keep=0.1]: sparsity 0.9 → 0.8',
    ]);
  });

  it('tell the option instead of the key that follows from it, and otherwise the reason if it is known', () => {
    const change = (lock: Loose) => {
      lock.cells.baseline.key = other;
      lock.cells['pruned[keep=0.1]'].key = other;
      lock.cells['pruned[keep=0.1]'].options.select.exclude = [];
    };
    const option = 'pruned[keep=0.1]: options.select.exclude ["fc2"] → []';
    expect(texts(change)).toEqual([option, `baseline: key abababababab… → ${other.slice(0, 12)}…`]);
    expect(texts(change, new Map([['baseline', 'seed 7 → 8']]))).toEqual([option, 'baseline: seed 7 → 8']);
  });

  it('name cells that came and went', () => {
    expect(
      texts((lock) => {
        lock.cells.first = lock.cells.baseline;
        delete lock.cells.baseline;
      }),
    ).toEqual(['first: a new train', 'baseline: no longer there']);
  });
});
