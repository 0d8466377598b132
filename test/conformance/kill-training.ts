/**
 * Kills a run of all training stages with SIGKILL at random times, each time from an empty cache, and compares what
 * comes out after it went on with the digests of an undisturbed run; nothing may be left in the cache. Run after `npm run build`:
 *
 *   npx jiti test/conformance/kill-training.ts [KILLS] [SEED]
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../src/core/random.js';
import { randomKill, runAndKill, runToTheEnd, writeKillRecipe } from '../support/kill-training.js';

const EPOCHS = 6;
const kills = Number(process.argv[2] ?? 20);
const seed = process.argv[3] ?? String(Date.now());
const random = new Random(seed);
process.stdout.write(`seed ${seed}\n`);

const expected = JSON.stringify((await inFolder(runToTheEnd)).digests);
const startedAt = performance.now();
await inFolder(runToTheEnd);
const durationMs = performance.now() - startedAt;
process.stdout.write(`undisturbed: ${Math.round(durationMs)} ms\n`);

let failures = 0;
let resumptions = 0;
for (let killed = 0; killed < kills; ) {
  const kill = randomKill(random, durationMs);
  await inFolder(async (cwd) => {
    // Faster than the run before it: does not count.
    if (!(await runAndKill(cwd, kill))) return;
    killed++;
    const { digests, resumed } = await runToTheEnd(cwd);
    const left = leftovers(cwd);
    const isEqual = JSON.stringify(digests) === expected && left.length === 0;
    if (!isEqual) failures++;
    resumptions += resumed.length;
    const from = resumed.length === 0 ? '' : `, went on after step ${resumed.join(', ')}`;
    const end = isEqual ? 'equal' : left.length > 0 ? `LEFT ${left.join(', ')}` : 'DIFFERENT';
    process.stdout.write(`${killed}: ${kill.victim} killed after ${kill.afterMs} ms${from}: ${end}\n`);
  });
}
process.stdout.write(`${kills - failures} of ${kills} equal, ${resumptions} went on from a checkpoint\n`);
process.exitCode = failures > 0 ? 1 : 0;

/** What a run that has ended must not leave in its cache. */
function leftovers(cwd: string): string[] {
  const cache = join(cwd, '.lathe', 'cache', 'v1');
  return ['tmp', 'locks', 'checkpoints', 'live', 'quarantine'].flatMap((name) => {
    const folder = join(cache, name);
    return existsSync(folder) ? readdirSync(folder).map((entry) => `${name}/${entry}`) : [];
  });
}

async function inFolder<T>(work: (cwd: string) => Promise<T>): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), 'lathe-kill-'));
  try {
    writeKillRecipe(cwd, EPOCHS);
    return await work(cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
