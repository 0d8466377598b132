import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeLeftLocks, tryLock, untilReleased } from '../../src/artifacts/key-lock.js';
import { ownerPrefix } from '../../src/artifacts/owner.js';

let root: string;
let path: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lathe-lock-'));
  path = join(root, 'locks', 'key');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const never = () => new AbortController().signal;

/** The name of a process that has ended: one of ours, as it would have called itself. */
function deadOwner(): string {
  const { pid } = spawnSync('true');
  const [machine] = ownerPrefix().split('-');
  return `${machine}-${pid}-12345`;
}

describe('a lock', () => {
  it('is had by one at a time', async () => {
    const first = await tryLock(path);
    expect(first).not.toBeNull();
    expect(await tryLock(path)).toBeNull();
    await first!.release();
    expect(await tryLock(path)).not.toBeNull();
  });

  it('of a process that is gone is taken over at once, and leaves nothing behind', async () => {
    mkdirSync(join(root, 'locks'));
    writeFileSync(path, deadOwner());
    expect(await tryLock(path)).not.toBeNull();
    expect(readFileSync(path, 'utf8')).toBe(ownerPrefix());
    expect(readdirSync(join(root, 'locks'))).toEqual(['key']);
  });

  it('of a process that is gone is removed though nobody asks for its key; those in use stay', async () => {
    mkdirSync(join(root, 'locks'));
    writeFileSync(path, deadOwner());
    writeFileSync(`${path}-elsewhere`, 'another-123-456');
    await tryLock(`${path}-mine`);
    await removeLeftLocks(join(root, 'locks'));
    expect(readdirSync(join(root, 'locks')).sort()).toEqual(['key-elsewhere', 'key-mine']);
    await removeLeftLocks(join(root, 'no such folder'));
  });

  it('of another machine holds while it is touched now and then, and is taken over after a minute of silence', async () => {
    mkdirSync(join(root, 'locks'));
    writeFileSync(path, 'another-123-456');
    expect(await tryLock(path)).toBeNull();
    const longAgo = Date.now() / 1000 - 70;
    utimesSync(path, longAgo, longAgo);
    expect(await tryLock(path)).not.toBeNull();
  });

  it('that was taken over by another is not released by its first owner', async () => {
    const lock = await tryLock(path);
    writeFileSync(path, 'another-123-456');
    await lock!.release();
    expect(existsSync(path)).toBe(true);
  });

  it('is not needed where none can be written: whoever asks goes on without', async () => {
    writeFileSync(join(root, 'locks'), 'a file where the folder should be');
    expect(await tryLock(path)).not.toBeNull();
  });
});

describe('waiting for a lock', () => {
  it('ends when it is released, or when its owner is gone', async () => {
    const lock = await tryLock(path);
    const waiting = untilReleased(path, never());
    await lock!.release();
    await waiting;
    writeFileSync(path, deadOwner());
    await untilReleased(path, never());
  });

  it('ends with the signal', async () => {
    await tryLock(path);
    const controller = new AbortController();
    const waiting = untilReleased(path, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
