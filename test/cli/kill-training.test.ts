import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { randomKill, runAndKill, runToTheEnd, writeKillRecipe } from '../support/kill-training.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// test/conformance/kill-training.ts does the same more often, each time from the beginning.
it('a run that is killed at random times ends with the bits of an undisturbed one', async () => {
  const undisturbed = temporaryFolder();
  writeKillRecipe(undisturbed, 2);
  const startedAt = performance.now();
  const expected = await runToTheEnd(undisturbed);
  const durationMs = performance.now() - startedAt;
  expect(expected.resumed).toEqual([]);

  const seed = `${Date.now()}`;
  const random = new Random(seed);
  const cwd = temporaryFolder();
  writeKillRecipe(cwd, 2);
  // Each run goes on where the one before was killed.
  const kills = Array.from({ length: 6 }, () => randomKill(random, durationMs / 2));
  for (const kill of kills) await runAndKill(cwd, kill);
  const { digests } = await runToTheEnd(cwd);
  expect(digests, `seed ${seed}, kills ${JSON.stringify(kills)}`).toEqual(expected.digests);

  const cache = join(cwd, '.lathe', 'cache', 'v1');
  expect(readdirSync(join(cache, 'checkpoints'))).toEqual([]);
  expect(readdirSync(join(cache, 'tmp'))).toEqual([]);
}, 180_000);
