import { existsSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileMemory } from '../../src/artifacts/file-memory.js';
import { sha256 } from '../../src/core/hash.js';

let root: string;
let cache: string;
let file: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lathe-files-'));
  cache = join(root, 'cache');
  file = join(root, 'data.bin');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const memoryFile = () => join(cache, 'v1', 'files.json');

/** Remembers the file once, as if it had been written long ago, and then says that its digest is another. */
async function rememberWrongly(): Promise<void> {
  await untilSettled();
  const memory = openFileMemory(cache);
  await memory.digest(file);
  await memory.save();
  const [, body] = readFileSync(memoryFile(), 'utf8').split('\n');
  const changed = body!.replace(/"digest":"[0-9a-f]{64}"/, `"digest":"${WRONG}"`);
  writeFileSync(memoryFile(), `${sha256(changed)}\n${changed}\n`);
}

/** The change time of a file cannot be set: waiting is the only way to an old one. */
function untilSettled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2100));
}

const WRONG = 'f'.repeat(64);

describe('the digest of a file', () => {
  it('is taken from the memory while size, times and inode are the same', async () => {
    writeFileSync(file, 'content');
    await rememberWrongly();
    expect(await openFileMemory(cache).digest(file)).toBe(WRONG);
  });

  it('is computed anew when the file was written, replaced by another, or given another time', async () => {
    writeFileSync(file, 'content');
    await rememberWrongly();
    writeFileSync(file, 'CONTENT');
    expect(await openFileMemory(cache).digest(file)).toBe(sha256('CONTENT'));
    writeFileSync(join(root, 'other'), 'CONTENT2');
    renameSync(join(root, 'other'), file);
    expect(await openFileMemory(cache).digest(file)).toBe(sha256('CONTENT2'));
    utimesSync(file, 1000, 1000);
    expect(await openFileMemory(cache).digest(file)).toBe(sha256('CONTENT2'));
  });

  it('of a file that was written a moment ago is not kept: it may change again within a tick of the clock', async () => {
    writeFileSync(file, 'content');
    const memory = openFileMemory(cache);
    expect(await memory.digest(file)).toBe(sha256('content'));
    await memory.save();
    expect(existsSync(memoryFile())).toBe(false);
  });

  it('is computed anew when a byte of the memory is not as it was written', async () => {
    writeFileSync(file, 'content');
    await rememberWrongly();
    const bytes = readFileSync(memoryFile());
    for (const at of [0, 70, bytes.length - 3]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      writeFileSync(memoryFile(), damaged);
      expect(await openFileMemory(cache).digest(file)).toBe(sha256('content'));
    }
  });

  it('fails as the file system does for a file that is gone', async () => {
    await expect(openFileMemory(cache).digest(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is had without a memory where the cache cannot be written', async () => {
    writeFileSync(file, 'content');
    await untilSettled();
    mkdirSync(root, { recursive: true });
    writeFileSync(cache, 'a file where the folder should be');
    const memory = openFileMemory(cache);
    expect(await memory.digest(file)).toBe(sha256('content'));
    await memory.save();
  });
});
