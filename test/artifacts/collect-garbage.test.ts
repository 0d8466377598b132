import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectGarbage, type GarbageOptions } from '../../src/artifacts/collect-garbage.js';
import { layoutOf } from '../../src/artifacts/layout.js';
import { enterLive, noteNeeds } from '../../src/artifacts/needs.js';
import { FilledCache } from '../support/filled-cache.js';

let root: string;
let cache: FilledCache;
let project: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lathe-gc-'));
  cache = new FilledCache(root);
  project = join(root, 'project');
  mkdirSync(project);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const collect = (options: Partial<GarbageOptions> = {}) =>
  collectGarbage(cache.dir, { isDryRun: false, maxBytes: null, olderThanMs: null, keepRuns: 10, ...options });

/** A run of a project, the later the larger its number, that needs the results with these names. */
function noteRun(number: number, names: readonly string[], folder = project): Promise<void> {
  const keys = names.map((name) => cache.key(name));
  return noteNeeds(cache.dir, `20260101-00000${number}-aaaa`, {
    project: folder,
    recipe: join(folder, 'recipe.yaml'),
    keys,
  });
}

function writeLock(folder: string, names: readonly string[]): void {
  const cell = { uses: 'train', options: {}, outputs: {}, metrics: {} };
  const lockfile = {
    version: 1,
    recipe: { name: 'x', digest: 'ab'.repeat(32) },
    runtime: { lathe: '0.1.0', onnxruntime: '1.30.0', provider: 'cpu', cpuClass: 'x' },
    plugins: {},
    cells: Object.fromEntries(names.map((name) => [name, { ...cell, key: cache.key(name) }])),
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'recipe.lock.yaml'), JSON.stringify(lockfile));
}

describe('gc', () => {
  it('removes what nothing needs, record and model, and keeps a model that another result shares', async () => {
    await cache.put('a', 'shared');
    await cache.put('b', 'shared');
    await cache.put('c', 'only of c');
    await noteRun(1, ['a']);
    expect(await collect()).toMatchObject({ records: 2, models: 1, keptRecords: 1 });
    expect(await cache.found('a', 'b', 'c')).toEqual(['a']);
    expect(existsSync(cache.blobOf('only of c'))).toBe(false);
    expect(readdirSync(layoutOf(cache.dir).tmp)).toEqual([]);
  });

  it('keeps what the last runs need, and of earlier ones what the lockfile beside their recipe names', async () => {
    for (const name of ['old', 'locked', 'last']) await cache.put(name, name);
    await noteRun(1, ['old', 'locked']);
    await noteRun(2, ['last']);
    writeLock(project, ['locked']);
    await collect({ keepRuns: 1 });
    expect(await cache.found('old', 'locked', 'last')).toEqual(['locked', 'last']);
  });

  it('keeps all that a recipe ever needed whose lockfile cannot be read', async () => {
    await cache.put('old', 'old');
    await noteRun(1, ['old']);
    await noteRun(2, []);
    writeFileSync(join(project, 'recipe.lock.yaml'), '<<<<<<< HEAD');
    await collect({ keepRuns: 1 });
    expect(await cache.found('old')).toEqual(['old']);
  });

  it('keeps what other projects need, and forgets a project whose folder is gone from where it was', async () => {
    const other = join(root, 'other');
    mkdirSync(other);
    for (const name of ['mine', 'theirs']) await cache.put(name, name);
    await noteRun(1, ['mine']);
    await noteRun(1, ['theirs'], other);
    await collect();
    expect(await cache.found('mine', 'theirs')).toEqual(['mine', 'theirs']);
    rmSync(other, { recursive: true });
    await collect();
    expect(await cache.found('mine', 'theirs')).toEqual(['mine']);
  });

  it('keeps what a project on a disk that is not mounted needs', async () => {
    await cache.put('far', 'far');
    await noteRun(1, ['far'], join(root, 'not-mounted', 'project'));
    await collect();
    expect(await cache.found('far')).toEqual(['far']);
  });

  it('keeps whatever a run that goes on has used', async () => {
    for (const name of ['used', 'unused']) await cache.put(name, name, 2);
    const live = await enterLive(cache.dir);
    await cache.found('used');
    await collect();
    expect(await cache.found('used', 'unused')).toEqual(['used']);
    utimesSync(cache.recordOf('used'), 0, 0);
    await live.leave();
    await collect();
    expect(await cache.found('used')).toEqual([]);
  });

  it('removes nothing in a dry run, and tells the same numbers', async () => {
    await cache.put('a', 'content of a');
    const told = await collect({ isDryRun: true });
    expect(await cache.found('a')).toEqual(['a']);
    utimesSync(cache.recordOf('a'), 1e9, 1e9);
    expect(await collect()).toEqual(told);
  });

  it('spares with an age what was used since', async () => {
    await cache.put('young', 'young', 3);
    await cache.put('old', 'old', 30);
    await collect({ olderThanMs: 10 * 24 * 3_600_000 });
    expect(await cache.found('young', 'old')).toEqual(['young']);
  });

  it('removes with a size the longest unused first, and only until the cache is no larger', async () => {
    for (const [index, name] of ['a', 'b', 'c'].entries()) await cache.put(name, name.repeat(10_000), 9 - index);
    const recordBytes = statSync(cache.recordOf('c')).size;
    expect((await collect({ maxBytes: 2 * (10_000 + recordBytes) })).records).toBe(1);
    expect(await cache.found('a', 'b', 'c')).toEqual(['b', 'c']);
  });

  it('never goes below what is needed for the sake of a size', async () => {
    await cache.put('needed', 'needed');
    await noteRun(1, ['needed']);
    expect((await collect({ maxBytes: 0 })).keptBytes).toBeGreaterThan(0);
    expect(await cache.found('needed')).toEqual(['needed']);
  });

  it('removes what is in quarantine, checkpoints of stored results, and locks of processes that are gone', async () => {
    await cache.put('a', 'a');
    await noteRun(1, ['a']);
    const layout = layoutOf(cache.dir);
    const write = (path: string, content: string) => {
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, content);
    };
    write(join(layout.quarantine, 'bad'), 'bad');
    write(layout.checkpoint(cache.key('a')), 'state');
    write(layout.checkpoint(cache.key('interrupted')), 'state');
    const [machine] = readFileSync(layout.lock(await lockOf('x')), 'utf8').split('-');
    write(layout.lock('gone'), `${machine}-999999999-1`);
    expect((await collect()).others).toBe(3);
    expect(existsSync(layout.checkpoint(cache.key('interrupted')))).toBe(true);
    expect(readdirSync(layout.locks)).toEqual(['x']);
  });

  /** Takes a lock, for the form of its owner's name. */
  async function lockOf(key: string): Promise<string> {
    await cache.store.tryLock(key);
    return key;
  }

  it('finds nothing in a cache that does not exist', async () => {
    expect(
      await collectGarbage(join(root, 'none'), { isDryRun: true, maxBytes: null, olderThanMs: null, keepRuns: 1 }),
    ).toMatchObject({
      records: 0,
      keptBytes: 0,
    });
    expect(existsSync(join(root, 'none'))).toBe(false);
  });
});

describe('the notes of runs', () => {
  it('are one file per change: a run that needs what the last one did leaves none', async () => {
    await noteRun(1, ['a']);
    await noteRun(2, ['a']);
    await noteRun(3, ['b']);
    const [folder] = readdirSync(layoutOf(cache.dir).needs);
    expect(readdirSync(join(layoutOf(cache.dir).needs, folder!))).toEqual([
      '20260101-000001-aaaa.json',
      '20260101-000003-aaaa.json',
    ]);
  });
});
