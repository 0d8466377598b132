import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RemoteCache } from '../../../src/artifacts/remote/remote-cache.js';
import { RemoteResults } from '../../../src/artifacts/remote/remote-results.js';
import { makeKeyPair, readPublicKey, readSigner } from '../../../src/artifacts/remote/signing-key.js';
import { Store } from '../../../src/artifacts/store.js';
import { sha256 } from '../../../src/core/hash.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { commitResult, EXPECTED, KEY } from './rig.js';

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);

/** What every RemoteCache keeps to. @param open one that is empty, until the test is over */
export function remoteCacheContract(kind: string, open: () => Promise<RemoteCache>): void {
  describe(`a remote cache on ${kind}`, () => {
    it('hands a blob out as it was stored, an empty and a large one', async () => {
      const cache = await open();
      for (const content of [Buffer.alloc(0), randomBytes(3_000_000)]) {
        const path = join(temporaryFolder({ blob: content }), 'blob');
        await cache.putBlob(sha256(content), { path, bytes: content.length }, NEVER);
        expect(await cache.hasBlob(sha256(content), NEVER)).toBe(true);
        expect(sha256(await readAll(cache, sha256(content)))).toBe(sha256(content));
      }
    });

    it('tells that a blob or record is not there', async () => {
      const cache = await open();
      expect(await cache.hasBlob(sha256('nothing'), NEVER)).toBe(false);
      expect(await cache.getBlob(sha256('nothing'), NEVER)).toBeNull();
      expect(await cache.getRecord(sha256('nothing'), NEVER)).toBeNull();
    });

    it('replaces a record by a later one', async () => {
      const cache = await open();
      for (const text of ['first', 'the second, a longer one']) {
        await cache.putRecord(KEY, Buffer.from(text), NEVER);
        expect(Buffer.from((await cache.getRecord(KEY, NEVER))!).toString()).toBe(text);
      }
    });

    it('serves many requests at a time', async () => {
      const cache = await open();
      const texts = Array.from({ length: 40 }, (_, index) => `record ${index}`);
      await Promise.all(texts.map((text) => cache.putRecord(sha256(text), Buffer.from(text), NEVER)));
      const found = await Promise.all(texts.map((text) => cache.getRecord(sha256(text), NEVER)));
      expect(found.map((bytes) => Buffer.from(bytes!).toString())).toEqual(texts);
    });

    it('ends with the reason of an aborted signal', async () => {
      const cache = await open();
      const reason = new Error('enough');
      await expect(cache.getRecord(KEY, AbortSignal.abort(reason))).rejects.toBe(reason);
      await expect(cache.hasBlob(KEY, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it("makes one machine's signed result another one's hit", async () => {
      const cache = await open();
      const { privatePem, publicKey } = makeKeyPair();
      const publicKeys = [readPublicKey(publicKey)];
      const warnings: string[] = [];
      const machine = async (privateKey: string | null) => {
        const store = new Store(join(temporaryFolder(), 'cache'));
        const signer = privateKey === null ? null : await readSigner(privateKey);
        const writes = privateKey !== null;
        const onWarning = (message: string) => warnings.push(message);
        return {
          store,
          remote: new RemoteResults({ cache, store, publicKeys, signer, writes, onWarning, stop: NEVER }),
        };
      };

      const writer = await machine(privatePem);
      expect(await writer.remote.fetch(KEY, EXPECTED)).toBeNull();
      const record = await commitResult(writer.store);
      writer.remote.offer(record);
      await writer.remote.settle();

      const reader = await machine(null);
      expect(await reader.remote.fetch(KEY, EXPECTED)).toMatchObject({ key: KEY, outputs: record.outputs });
      expect(await reader.store.lookup(KEY)).toMatchObject({
        keyRecord: record.keyRecord,
        outputs: record.outputs,
        metrics: record.metrics,
        durationMs: record.durationMs,
      });
      expect(warnings).toEqual([]);
    });
  });
}

async function readAll(cache: RemoteCache, digest: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await cache.getBlob(digest, NEVER))!) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
