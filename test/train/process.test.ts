import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./print-digest.mjs', import.meta.url));

async function digest(shards: number, cores: number): Promise<string> {
  return (await promisify(execFile)(process.execPath, [SCRIPT, String(shards), String(cores)])).stdout;
}

describe('training in other processes', () => {
  it('gives the same bits, with one worker or two', async () => {
    const two = [await digest(2, 1), await digest(2, 2), await digest(2, 2)];
    expect(two[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(two).size).toBe(1);
  });

  it('gives the same bits with one shard', async () => {
    expect(await digest(1, 1)).toBe(await digest(1, 2));
  });
});
