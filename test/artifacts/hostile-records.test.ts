import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../src/artifacts/layout.js';
import { recentRecords } from '../../src/artifacts/recent-records.js';
import { Store } from '../../src/artifacts/store.js';
import { verifyCache } from '../../src/artifacts/verify-cache.js';
import { sha256 } from '../../src/core/hash.js';
import { FilledCache } from '../support/filled-cache.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// biome-ignore lint/suspicious/noExplicitAny: the changes of these tests reach into a record as plain data
type Loose = Record<string, any>;

/** A cache with one result, whose record is replaced by another text. The file `canary` lies beside the cache. */
async function cacheWith(textOf: (record: Loose) => string) {
  const root = temporaryFolder({ canary: 'untouched' });
  const cache = new FilledCache(join(root, 'cache'));
  await cache.put('a', 'the model');
  const path = cache.recordOf('a');
  const { record } = JSON.parse(readFileSync(path, 'utf8')) as { record: Loose };
  rmSync(path);
  writeFileSync(path, textOf(record));
  const warnings: string[] = [];
  const store = new Store(cache.dir, { onWarning: (message) => warnings.push(message) });
  return { root, cache, store, key: cache.key('a'), warnings, path };
}

/** What whoever can write to a cache can always make: a digest that is right. */
function sealed(body: string): string {
  return `{"digest":"${sha256(body)}","record":${body}}\n`;
}

const changed = (change: (record: Loose) => unknown) => (record: Loose) => {
  change(record);
  return sealed(JSON.stringify(record));
};
const file = (record: Loose): Loose => record.outputs.model.files[0];
/** A file's own digest is that of a model with one file. */
const withDigest = (digest: unknown) =>
  changed((record) => {
    file(record).digest = digest;
    record.outputs.model.digest = digest;
  });
const withName = (name: unknown) =>
  changed((record) => {
    file(record).name = name;
  });
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const RECORDS: readonly (readonly [what: string, textOf: (record: Loose) => string])[] = [
  ['no JSON, though its digest is right', () => sealed('{"schema":1,')],
  ['null', () => sealed('null')],
  ['a list', () => sealed('[]')],
  ['of a later version', changed((record) => Object.assign(record, { schema: 2 }))],
  ['of another key', changed((record) => Object.assign(record, { key: 'ab'.repeat(32) }))],
  ['without outputs', changed((record) => void delete record.outputs)],
  ['with outputs that are a list', changed((record) => Object.assign(record, { outputs: [] }))],
  ['with an output that is a text', changed((record) => Object.assign(record.outputs, { model: 'x' }))],
  ['with a model without files', changed((record) => Object.assign(record.outputs.model, { files: [] }))],
  ['with files that are none', changed((record) => Object.assign(record.outputs.model, { files: [null] }))],
  ['with a digest that leads elsewhere', withDigest('../../../../../../canary')],
  ['with a digest that is a number', withDigest(7)],
  ['with a digest that is a list', withDigest([])],
  ['with a name that leads elsewhere', withName('../escaped')],
  ['with an absolute name', withName('/escaped')],
  ['with a name of Windows that leads elsewhere', withName('..\\\\escaped')],
  ['with the name of a folder', withName('..')],
  ['with a name that clears the terminal', withName('\u001b[2J')],
  ['with a name with a zero', withName('a\u0000b')],
  ['with a name of any length', withName('x'.repeat(10_000))],
  ['with sizes that are none', changed((record) => Object.assign(file(record), { bytes: -1 }))],
  ['with a size of its own', changed((record) => Object.assign(record.outputs.model, { bytes: 1 }))],
  ['with a size that is huge', changed((record) => Object.assign(file(record), { bytes: 2 ** 60 }))],
  ['with metrics that are a text', changed((record) => Object.assign(record, { metrics: 'x' }))],
  ['with a time that is none', changed((record) => Object.assign(record, { createdAt: '2026-99-99T99:99:99Z' }))],
  ['with a duration that is none', changed((record) => Object.assign(record, { durationMs: null }))],
  ['with details that are none', changed((record) => Object.assign(record, { details: { contents: [], names: 7 } }))],
  [
    'with a metric of a million levels',
    (record) => sealed(JSON.stringify(record).replace('"metrics":{}', `"metrics":{"x":${nested(1_000_000)}}`)),
  ],
];

/** A file that takes no room on the disk. */
function makeTerabyte(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, 2 ** 40);
}

describe('a record that somebody made', () => {
  it.each(RECORDS)('%s is a miss with one warning, and touches nothing outside', async (_, textOf) => {
    const { root, cache, store, key, warnings } = await cacheWith(textOf);
    expect(await store.peek(key)).toBeNull();
    expect(await recentRecords(cache.dir, 10)).toEqual([]);
    expect(await store.lookup(key)).toBeNull();
    expect(warnings).toEqual([
      `The cached result ${key.slice(0, 12)} is damaged; it was moved to quarantine and will be computed again.`,
    ]);
    expect(await store.lookup(key)).toBeNull();
    expect(warnings).toHaveLength(1);
    expect(readdirSync(root).sort()).toEqual(['cache', 'canary']);
    expect(readFileSync(join(root, 'canary'), 'utf8')).toBe('untouched');
  });

  it.each(RECORDS)('%s is found by `cache verify`, which takes it out', async (_, textOf) => {
    const { cache, path } = await cacheWith(textOf);
    expect((await verifyCache(cache.dir)).damaged).toEqual([path]);
    expect(existsSync(path)).toBe(false);
  });

  it('may have fields that nobody knows, and names that JavaScript treats in a special way', async () => {
    const { store, key, warnings } = await cacheWith((record) =>
      sealed(JSON.stringify(record).replace('"metrics":{}', '"more":1,"metrics":{"__proto__":{"x":1}}')),
    );
    expect(await store.lookup(key)).not.toBeNull();
    expect(warnings).toEqual([]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a terabyte', makeTerabyte],
  ])('that is %s is a miss that is not read', async (_, make) => {
    const { store, key, path, warnings } = await cacheWith(() => '');
    rmSync(path);
    make(path);
    expect(await store.lookup(key)).toBeNull();
    expect(warnings).toHaveLength(1);
    expect(existsSync(path)).toBe(false);
  });
});

describe('a model that somebody put into the cache', () => {
  it.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a link to a device', (path: string) => execFileSync('ln', ['-s', '/dev/zero', path])],
    ['a terabyte', makeTerabyte],
  ])('that is %s is not read to its end', async (_, make) => {
    const root = temporaryFolder();
    const cache = new FilledCache(root);
    await cache.put('a', 'the model');
    rmSync(cache.blobOf('the model'), { force: true });
    make(cache.blobOf('the model'));
    const warnings: string[] = [];
    const store = new Store(cache.dir, { onWarning: (message) => warnings.push(message) });
    expect(await store.lookup(cache.key('a'))).toBeNull();
    expect(warnings).toHaveLength(1);
    // Computed again, it takes the place.
    await cache.put('a', 'the model');
    expect(await store.lookup(cache.key('a'))).not.toBeNull();
  });
});

describe('what else lies in a cache', () => {
  it.each(['files', 'data'] as const)('is not believed by its digest: %s.json', async (name) => {
    const { openFileMemory } = await import('../../src/artifacts/file-memory.js');
    const { openDataMemory } = await import('../../src/artifacts/data-memory.js');
    const root = temporaryFolder({ 'a.txt': 'content' });
    const path = layoutOf(root)[name];
    mkdirSync(dirname(path), { recursive: true });
    for (const body of ['{', 'null', '7', '[[]]', '{"x":7}', `{"x":${nested(1_000_000)}}`]) {
      writeFileSync(path, `${sha256(body)}\n${body}\n`);
      expect(await openFileMemory(root).digest(join(root, 'a.txt'))).toBe(sha256('content'));
      await openDataMemory(root).get('ab'.repeat(32));
    }
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(await openFileMemory(root).digest(join(root, 'a.txt'))).toBe(sha256('content'));
    expect(await openDataMemory(root).get('ab'.repeat(32))).toBeUndefined();
  });
});
