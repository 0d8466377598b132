import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyCache } from '../../src/artifacts/verify-cache.js';
import { FilledCache } from '../support/filled-cache.js';

let root: string;
let cache: FilledCache;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lathe-verify-'));
  cache = new FilledCache(root);
  for (const name of ['a', 'b', 'c', 'd']) await cache.put(name, `model ${name}`);
});
afterEach(() => rm(root, { recursive: true, force: true }));

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 4;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

describe('verifying a cache', () => {
  it('finds a sound one in order and changes nothing', async () => {
    expect(await verifyCache(cache.dir)).toEqual({ records: 4, models: 4, bytes: 28, damaged: [], incomplete: [] });
    expect(await cache.found('a', 'b', 'c', 'd')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('takes out damaged models and records, and results whose model is gone; then all is in order', async () => {
    flipBit(cache.blobOf('model a'));
    flipBit(cache.recordOf('b'));
    rmSync(cache.blobOf('model c'), { force: true });
    const health = await verifyCache(cache.dir);
    expect(health.damaged).toEqual([cache.blobOf('model a'), cache.recordOf('b')]);
    expect([...health.incomplete].sort()).toEqual([cache.recordOf('a'), cache.recordOf('c')].sort());
    expect(await verifyCache(cache.dir)).toMatchObject({ records: 1, damaged: [], incomplete: [] });
    expect(await cache.found('a', 'b', 'c', 'd')).toEqual(['d']);
  });
});
