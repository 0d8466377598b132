import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../../src/artifacts/checkpoint-file.js';
import type { CheckpointParts } from '../../src/core/checkpoint.js';
import { sha256 } from '../../src/core/hash.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PARTS = new Map([
  ['facts', new TextEncoder().encode('{"step":3}')],
  ['empty', new Uint8Array(0)],
  ['weights', new Uint8Array(Float32Array.of(1, -0, Number.NaN).buffer)],
]);

async function write(path: string, parts: CheckpointParts): Promise<void> {
  const place = await writeCheckpoint(path, join(dirname(path), '..', 'lathe-checkpoint-tmp'), parts);
  await place();
}

describe('a checkpoint file', () => {
  it('gives back what was written, each part in a buffer of its own, and replaces what was there', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'key', 'state');
    await write(path, new Map([['old', Uint8Array.of(1)]]));
    await write(path, PARTS);
    const parts = await readCheckpoint(path);
    expect(parts).toEqual(PARTS);
    expect((parts as typeof PARTS).get('weights')!.byteOffset).toBe(0);
    expect(readdirSync(folder)).toEqual(['key']);
  });

  it('is the old one until the new one is put in place, which has the parts as they were', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'key', 'state');
    await write(path, new Map([['old', Uint8Array.of(1)]]));
    const part = Uint8Array.of(2);
    const place = await writeCheckpoint(path, join(folder, 'tmp'), new Map([['new', part]]));
    part[0] = 3;
    expect(await readCheckpoint(path)).toEqual(new Map([['old', Uint8Array.of(1)]]));
    await place();
    expect(await readCheckpoint(path)).toEqual(new Map([['new', Uint8Array.of(2)]]));
    expect(readdirSync(folder)).toEqual(['key']);
  });

  it('is null where there is none', async () => {
    expect(await readCheckpoint(join(temporaryFolder(), 'state'))).toBeNull();
  });

  it('is told to be damaged whichever bit differs, and wherever it ends', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'state');
    await write(path, PARTS);
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(path, damaged);
      expect(await readCheckpoint(path), `byte ${at}`).toBe('damaged');
    }
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await readCheckpoint(path), `${length} bytes`).toBe('damaged');
    }
  });

  it('is damaged if it is a pipe, larger than memory, or of another form with a digest that is right', async () => {
    const path = join(temporaryFolder(), 'state');
    execFileSync('mkfifo', [path]);
    expect(await readCheckpoint(path)).toBe('damaged');
    rmSync(path);
    const huge = `${'0'.repeat(64)}[{"name":"weights","bytes":${2 ** 42}}]\n`;
    writeFileSync(path, huge);
    truncateSync(path, huge.length + 2 ** 42);
    expect(await readCheckpoint(path)).toBe('damaged');
    rmSync(path);
    for (const index of [
      '7',
      'null',
      '{}',
      '[null]',
      '[{"name":7,"bytes":0}]',
      '[{"bytes":0}]',
      '[{"name":"x","bytes":-1}]',
    ]) {
      writeFileSync(path, `${sha256(`${index}\n`)}${index}\n`);
      expect(await readCheckpoint(path), index).toBe('damaged');
    }
  });
});
