/**
 * What saving checkpoints adds to a training: npm run build && npx jiti bench/checkpoint.ts [options]
 *
 *   --every 1s   --rounds 4   --epochs 120
 *
 * The same recipe with an interval far below the default of 30 s and without checkpoints, in turns, each time from an empty cache. The figure is the
 * ratio of the fastest rounds.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { scratchFolder } from './scratch-folder.js';

const { values: options } = parseArgs({
  options: {
    every: { type: 'string', default: '1s' },
    rounds: { type: 'string', default: '4' },
    epochs: { type: 'string', default: '120' },
  },
});
const LATHE = resolve('dist/bin/lathe.cjs');
const folder = scratchFolder('checkpoint-bench');
const CASES = { saved: `{ every: ${options.every} }`, without: 'false' };
const seconds: Record<keyof typeof CASES, number[]> = { saved: [], without: [] };

for (let round = 0; round < Number(options.rounds); round++) {
  for (const [name, checkpoint] of Object.entries(CASES)) {
    seconds[name as keyof typeof CASES].push(timeOf(name, checkpoint));
  }
}
const [saved, without] = [Math.min(...seconds.saved), Math.min(...seconds.without)];
process.stdout.write(
  `with checkpoints ${saved.toFixed(2)} s, without ${without.toFixed(2)} s: ${(saved / without).toFixed(3)}\n`,
);

/** 1.1 million weights, so that a checkpoint has some 9 MB. */
function timeOf(name: string, checkpoint: string): number {
  const recipe = join(folder, `${name}.yaml`);
  writeFileSync(
    recipe,
    `version: 1
data: { digits: { uses: digits } }
networks: { it: { layers: [{ linear: 1024 }, relu, { linear: 1024 }, relu, { linear: 10 }] } }
stages:
  - id: trained
    uses: train
    with: { network: it, data: digits, epochs: ${options.epochs}, batch: 64, optimizer: { sgd: { lr: 0.05, momentum: 0.9 } } }
    checkpoint: ${checkpoint}
`,
  );
  const cache = join(folder, 'cache');
  rmSync(cache, { recursive: true, force: true });
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [LATHE, 'run', recipe, '--cache-dir', cache, '--no-lock', '--log-level', 'silent'],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`lathe run failed:\n${stderr}`);
  return (performance.now() - startedAt) / 1000;
}
