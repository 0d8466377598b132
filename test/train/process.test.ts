import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./print-digest.mjs', import.meta.url));

async function digest(shards: number, cores: number, choices: object = {}): Promise<string> {
  const parameters = [shards, cores, JSON.stringify(choices)].map(String);
  return (await promisify(execFile)(process.execPath, [SCRIPT, ...parameters])).stdout;
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

  it('gives the same bits with augmented, weighted and accumulated batches and averaged weights', async () => {
    const choices = {
      batch: 8,
      accumulate: 2,
      augment: { flip: 'both', shift: 1, crop: { area: 0.7 }, rotate: 15, cutout: 2, mixup: 0.2 },
      classWeights: 'balanced',
      clipNorm: 0.5,
      average: { decay: 0.9, warmup: true },
    };
    const all = [await digest(2, 1, choices), await digest(2, 2, choices), await digest(2, 2, choices)];
    expect(new Set(all).size).toBe(1);
    expect(await digest(2, 2, { ...choices, augment: { mixup: 0.2 } })).not.toBe(all[0]);
  });
});
