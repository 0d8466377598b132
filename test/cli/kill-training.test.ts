import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { randomKill, runAndKill, runToTheEnd, writeKillRecipe } from '../support/kill-training.js';
import { startLathe } from '../support/lathe.js';
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

it('a run that is interrupted goes on from where it was, though no checkpoint was due', async () => {
  const cwd = temporaryFolder();
  const recipe = `version: 1
data: { digits: { uses: digits } }
stages:
  - { id: base, uses: train, with: { network: mlp, data: digits, epochs: 60, batch: 16 }, checkpoint: { every: 1h } }
`;
  writeFileSync(join(cwd, 'recipe.yaml'), recipe);
  const undisturbed = temporaryFolder();
  writeFileSync(join(undisturbed, 'recipe.yaml'), recipe);
  const expected = await runToTheEnd(undisturbed);

  const run = startLathe(['run'], { cwd });
  await run.saw('base: epoch done');
  process.kill(-run.process.pid!, 'SIGINT');
  expect((await run.finished).code).toBe(130);
  const { digests, resumed } = await runToTheEnd(cwd);
  expect(resumed.length).toBe(1);
  expect(digests).toEqual(expected.digests);
}, 60_000);
