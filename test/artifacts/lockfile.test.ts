import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
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
import type { UserError } from '../../src/core/errors.js';
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

  const written = lockfileText(lockfile(), 'r.yaml');
  const changed = (from: string | RegExp, to: string) => written.replace(from, () => to);
  it.each<[what: string, content: string, problem: RegExp, at: string]>([
    ['of another version', changed('version: 1', 'version: 2'), /: its version is 2, not 1\./, '2'],
    ['that is no YAML', changed('name: digits', 'name: [digits'), /: This bracket is not closed\./, '[digits'],
    ['with what git leaves of a conflict', changed('recipe:', '<<<<<<< HEAD\nrecipe:'), /: This is neither/, '<<<'],
    ['that is empty', '', /: The recipe is empty\./, ''],
    ['that is a list', '[]', /not an empty list\./, '[]'],
    ['without a runtime', changed(/^runtime:\n(?: .*\n)*/m, ''), /needs the key "runtime"\./, 'version:'],
    ['with what nobody knows', changed('uses: train', 'uses: train\n    more: 1'), /"more" is not a key of/, 'more: 1'],
    [
      'with a cell that is a number',
      `${written}  last: 7.5\n`,
      /"last" takes a mapping .*, not the number 7\.5\./,
      'last:',
    ],
    ['with a key that leads elsewhere', changed(`key: ${KEY}`, 'key: ../../x'), /"key" .*"\.\.\/\.\.\/x"/, '../../x'],
    ['with a size that is none', changed('bytes: 178', 'bytes: -1'), /"bytes" .*-1/, '-1'],
    ['with a metric that is a text', changed('loss: 1e-7', 'loss: low'), /"loss" takes a number, not/, 'low'],
    ['with a number that is none', changed('loss: 1e-7', 'loss: .inf'), /: \.inf is no number/, '.inf'],
    [
      'with a prototype',
      changed('options: {}', 'options: {}\n    __proto__: 1'),
      /: This is no possible key/,
      '__proto__',
    ],
    ['of a thousand levels', changed('options: {}', `options: ${'['.repeat(1000)}`), /nested too deeply/, '[[['],
    ['of nothing but brackets', '[}'.repeat(500_000), /: This bracket is not closed/, '[}'],
  ])('%s is refused with its place', async (_, content, problem, at) => {
    const error = (await parseLockfile(content, '/r.lock.yaml').catch((cause: unknown) => cause)) as UserError;
    expect(error).toMatchObject({ code: 'LOCK_INVALID', class: 'usage' });
    expect(error.problem).toMatch(problem);
    expect(error.problem.startsWith('/r.lock.yaml is not a lockfile that this Lathe can read: ')).toBe(true);
    const line = content.slice(0, content.indexOf(at)).split('\n').length;
    expect(error.place).toMatchObject({ file: '/r.lock.yaml', ...(content === '' ? {} : { line }) });
  });

  it('that is a pipe or larger than any is refused without being read', async () => {
    const folder = temporaryFolder({});
    const refused = { code: 'LOCK_INVALID', message: expect.stringContaining('has more than 64 MiB') };
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(readLockfile(join(folder, 'pipe'))).rejects.toMatchObject(refused);
    writeFileSync(join(folder, 'large'), '');
    truncateSync(join(folder, 'large'), 2 ** 40);
    await expect(readLockfile(join(folder, 'large'))).rejects.toMatchObject(refused);
    // A run writes it anew.
    expect(await writeLockfile(join(folder, 'large'), written)).toBe(true);
    expect(await readLockfile(join(folder, 'large'))).toEqual(lockfile());
  });

  it('is read again however many cells a recipe may have, with more options than any stage has', async () => {
    const path = join(temporaryFolder({}), 'r.lock.yaml');
    const options = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`option${i}`, 'a value of some length']));
    const cell = { ...lockfile().cells['pruned[keep=0.1]']!, options };
    const cells = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`tuned[lr=${i}]`, cell]));
    const large = { ...lockfile(), cells };
    expect(await writeLockfile(path, lockfileText(large, 'r.yaml'))).toBe(true);
    expect(statSync(path).size).toBeGreaterThan(12 << 20);
    expect(await readLockfile(path)).toEqual(large);
    expect(await writeLockfile(path, lockfileText(large, 'r.yaml'))).toBe(false);
  });

  it.each([
    ['values', `plugins: [${'1,'.repeat(1_200_000)}1]\n`],
    ['bytes', `plugins:\n  ${'a'.repeat(64 << 20)}: ${DIGEST}\n`],
  ])('is not written with more %s than are read', async (_, text) => {
    const path = join(temporaryFolder({}), 'r.lock.yaml');
    writeFileSync(path, 'before');
    const message = expect.stringMatching(/would have \d+ MiB in \d+ lines, too much .* --no-lock/);
    await expect(writeLockfile(path, text)).rejects.toMatchObject({ code: 'LOCK_TOO_LARGE', message });
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it.each([
    ['one more space', 'name: digits', 'name:  digits'],
    ['other quotes', '"pruned[keep=0.1]"', "'pruned[keep=0.1]'"],
    ['a list over several lines', '{"exclude":["fc2"]}', '{\n          "exclude": ["fc2"] }'],
    ['a comment, and the line ends of Windows', /\n/g, ' # so\r\n'],
    ['quotes around every name', 'uses: train', '"uses": "train"'],
  ])('is read as well if somebody wrote it with %s', async (_, from, to) => {
    const other = written.replaceAll(from, () => to);
    expect(other).not.toBe(written);
    expect(await parseLockfile(other, '/r')).toEqual(lockfile());
  });

  it.each<[what: string, line: number, change: (lines: string[]) => void]>([
    ['a conflict', 1001, (lines) => lines.splice(1000, 0, '<<<<<<< HEAD')],
    ['a key that is there twice', 1001, (lines) => lines.splice(1000, 0, lines[999]!)],
    ['what follows a mapping without entries', 12, (lines) => lines.splice(10, 0, 'plugins2:')],
    ['a level that nothing opens', 1001, (lines) => lines.splice(1000, 0, '      a: 1')],
    ['brackets that do not match', 1001, (lines) => lines.splice(1000, 0, '  a: [[1]')],
    ['many levels', 1001, (lines) => lines.splice(1000, 0, `  a: ${'['.repeat(50_000)}${']'.repeat(50_000)}`)],
    ['a wrong digest', 1001, (lines) => lines.splice(1000, 0, '  a: 1')],
    ['a key that nobody knows, of many', 12, (lines) => lines.splice(11, 1, '  a: 1', 'plugins2:')],
  ])('of many megabytes is refused with the line of %s', async (_, line, change) => {
    const plugins = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`./${i}.ts`, DIGEST]));
    const lines = lockfileText({ ...lockfile(), plugins }, 'r.yaml').split('\n');
    change(lines);
    const error = (await parseLockfile(lines.join('\n'), '/r').catch((cause: unknown) => cause)) as UserError;
    expect(error).toMatchObject({ code: 'LOCK_INVALID', place: { file: '/r', line } });
  });

  it('may hold numbers with more digits than a person would write', async () => {
    expect(
      (await parseLockfile(changed('loss: 1e-7', 'loss: 12000000000000000000'), '/r')).cells['pruned[keep=0.1]']
        ?.metrics.loss,
    ).toBe(1.2e19);
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

  it('are those of names that JavaScript treats in a special way, too', () => {
    expect(
      texts((lock) => {
        lock.cells['pruned[keep=0.1]'].metrics.constructor = 0.5;
        lock.cells['pruned[keep=0.1]'].options.select.toString = 1;
        lock.cells.valueOf = lock.cells.baseline;
      }),
    ).toEqual([
      'pruned[keep=0.1]: options.select.toString not set → 1',
      'pruned[keep=0.1]: constructor not set → 0.5',
      'valueOf: a new train',
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
