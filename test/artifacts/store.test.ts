import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredModel } from '../../src/artifacts/action-record.js';
import { Store } from '../../src/artifacts/store.js';
import { sha256 } from '../../src/core/hash.js';

let root: string;
let warnings: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lathe-store-'));
  warnings = [];
});
afterEach(() => rm(root, { recursive: true, force: true }));

const KEY = sha256('a key');
const CACHE_FILES = { 'model.onnx': 'the bytes of a model' };

function openStore(): Store {
  return new Store(join(root, 'cache'), { onWarning: (message) => warnings.push(message) });
}

/** Commits one output "model" made of the given files, as a stage's process would have left them. */
async function commit(store: Store, files: Readonly<Record<string, string>>, overrule = false) {
  const staging = await store.makeStaging();
  const paths = Object.entries(files).map(([name, content]) => {
    writeFileSync(join(staging, name), content);
    return join(staging, name);
  });
  const record = await store.commit({
    key: KEY,
    keyRecord: { options: { keep: 0.1 } },
    outputs: { model: paths },
    metrics: { accuracy: 0.97 },
    durationMs: 12,
    overrule,
  });
  await store.removeStaging(staging);
  return record;
}

function inCache(...parts: string[]): string {
  return join(root, 'cache', 'v1', ...parts);
}

const recordPath = () => inCache('ac', KEY.slice(0, 2), `${KEY}.json`);
const blobPath = (content: string) => inCache('cas', 'sha256', sha256(content).slice(0, 2), sha256(content));

describe('a commit', () => {
  it('is found again by another process, with outputs, metrics and the whole key record', async () => {
    await commit(openStore(), CACHE_FILES);
    const record = await openStore().lookup(KEY);
    expect(record).toMatchObject({
      key: KEY,
      keyRecord: { options: { keep: 0.1 } },
      metrics: { accuracy: 0.97 },
      durationMs: 12,
    });
    // The digest of the file, by coreutils: printf 'the bytes of a model' | sha256sum
    expect(record?.outputs.model?.digest).toBe('68d18a506016639d3a8274be1d740a81afb482ffbfad7e4c3e10a5a32fd04840');
    expect(record?.outputs.model?.bytes).toBe(20);
  });

  it('leaves read-only blobs, a cache tag, and nothing in tmp', async () => {
    await commit(openStore(), CACHE_FILES);
    expect(statSync(blobPath('the bytes of a model')).mode & 0o777).toBe(0o444);
    expect(readFileSync(inCache('CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/);
    expect(readdirSync(inCache('tmp'))).toEqual([]);
  });

  it('does not replace what another process stored first, and returns that', async () => {
    const first = await commit(openStore(), { 'model.onnx': 'first' });
    const second = await commit(openStore(), { 'model.onnx': 'second' });
    expect(second.outputs).toEqual(first.outputs);
    expect((await openStore().lookup(KEY))?.outputs).toEqual(first.outputs);
  });

  it('replaces an earlier result when it overrules', async () => {
    await commit(openStore(), { 'model.onnx': 'first' });
    await commit(openStore(), { 'model.onnx': 'second' }, true);
    expect((await openStore().lookup(KEY))?.outputs.model?.digest).toBe(sha256('second'));
  });

  it('keeps a model with external data together and under one digest that covers both', async () => {
    const store = openStore();
    const { outputs } = await commit(store, { 'model.onnx': 'graph', 'model.onnx.data': 'weights' });
    const model = outputs.model as StoredModel;
    expect(model.bytes).toBe(12);
    expect(model.digest).not.toBe(sha256('graph'));
    const path = await store.materialize(model, join(root, 'reader'));
    expect(path).toBe(join(root, 'reader', 'model.onnx'));
    expect(readFileSync(path, 'utf8')).toBe('graph');
    expect(readFileSync(join(root, 'reader', 'model.onnx.data'), 'utf8')).toBe('weights');
  });

  it('repairs a damaged blob of the same content', async () => {
    await commit(openStore(), CACHE_FILES);
    damage(blobPath('the bytes of a model'));
    await commit(openStore(), CACHE_FILES);
    expect(readFileSync(blobPath('the bytes of a model'), 'utf8')).toBe('the bytes of a model');
    expect(await openStore().lookup(KEY)).not.toBeNull();
  });
});

describe('a file whose digest was taken while it was written', () => {
  it('is not read again when it is stored, and a wrong one is found out when it is used', async () => {
    const store = openStore();
    const commitAs = async (digest: string) => {
      const staging = await store.makeStaging();
      writeFileSync(join(staging, 'model.onnx'), 'content');
      const outputs = { model: [{ path: join(staging, 'model.onnx'), digest }] };
      const { outputs: stored } = await store.commit({
        ...{ key: KEY, keyRecord: {}, outputs, metrics: {}, durationMs: 1, overrule: true },
      });
      return stored.model as StoredModel;
    };
    expect(await store.isIntact(await commitAs(sha256('content')))).toBe(true);
    expect(await store.isIntact(await commitAs(sha256('other')))).toBe(false);
    expect(await store.lookup(KEY)).toBeNull();
    expect(warnings).toHaveLength(1);
  });
});

describe('a lookup', () => {
  it('finds nothing in a folder that does not exist, and does not make it', async () => {
    expect(await openStore().lookup(KEY)).toBeNull();
    expect(existsSync(join(root, 'cache'))).toBe(false);
  });

  it('detects every flipped byte of the record, moves it to quarantine, and counts as a miss', async () => {
    await commit(openStore(), CACHE_FILES);
    const intact = readFileSync(recordPath());
    for (let at = 0; at < intact.length; at++) {
      const bytes = Buffer.from(intact);
      bytes[at]! ^= 0x01;
      rmSync(recordPath(), { force: true });
      writeFileSync(recordPath(), bytes);
      expect(await openStore().lookup(KEY), `byte ${at}`).toBeNull();
    }
    expect(readdirSync(inCache('quarantine'))).toHaveLength(intact.length);
    expect(warnings).toHaveLength(intact.length);
  });

  it('detects a flipped byte of a blob with one warning, and the result can be stored again', async () => {
    await commit(openStore(), CACHE_FILES);
    damage(blobPath('the bytes of a model'));
    expect(await openStore().lookup(KEY)).toBeNull();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^The cached model 68d18a506016 is damaged or missing; it was moved to quarantine/);
    await commit(openStore(), CACHE_FILES);
    expect(await openStore().lookup(KEY)).not.toBeNull();
  });

  it('counts as a miss when a blob is missing or cut short', async () => {
    for (const spoil of [(path: string) => rmSync(path), (path: string) => rewrite(path, 'the bytes')]) {
      await commit(openStore(), CACHE_FILES);
      spoil(blobPath('the bytes of a model'));
      expect(await openStore().lookup(KEY)).toBeNull();
    }
  });

  it('refuses a record that lies under the key of another', async () => {
    await commit(openStore(), CACHE_FILES);
    const other = sha256('another key');
    mkdirSync(inCache('ac', other.slice(0, 2)), { recursive: true });
    writeFileSync(inCache('ac', other.slice(0, 2), `${other}.json`), readFileSync(recordPath()));
    expect(await openStore().lookup(other)).toBeNull();
  });
});

describe('the tmp folder', () => {
  it('loses what processes that are gone left there, and keeps what belongs to a live one', async () => {
    const mine = await openStore().makeStaging();
    const [machine, , startTime] = mine.split('/').at(-1)!.split('-');
    // The same process id at another start time is another process that is gone.
    for (const name of [`${machine}-999999999-1-aa`, `${machine}-${process.pid}-1-bb`]) mkdirSync(inCache('tmp', name));
    mkdirSync(inCache('tmp', 'another0-1-1-cc'));
    await openStore().makeStaging();
    const names = readdirSync(inCache('tmp')).map((name) => name.split('-').slice(0, 3).join('-'));
    const own = `${machine}-${process.pid}-${startTime}`;
    expect(names.sort()).toEqual([own, own, 'another0-1-1'].sort());
  });
});

describe('what the file system refuses', () => {
  it('is told when a file is in the way of the cache folder', async () => {
    writeFileSync(join(root, 'cache'), 'a file');
    await expect(openStore().makeStaging()).rejects.toMatchObject({
      code: 'STORAGE_NOT_A_FOLDER',
      class: 'infrastructure',
    });
  });
});

function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[3]! ^= 0x10;
  rewrite(path, bytes);
}

function rewrite(path: string, content: string | Uint8Array): void {
  chmodSync(path, 0o644);
  writeFileSync(path, content);
}
