/**
 * What it costs to store a large model and to verify it, against one SHA-256 pass over its bytes:
 *
 *   npm run build && npx jiti bench/commit.ts [--megabytes 256] [--rounds 5] [--folder <where the cache lies>]
 *
 * Commit: from the files that a stage's process has written, with their digests, to the record on the disk. Verify: another
 * process reads the record and every byte. The figure is the ratio of the medians; how fast the disk takes what was written
 * counts in the commit.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Store } from '../src/artifacts/store.js';
import { sha256, sha256File } from '../src/core/hash.js';
import { median } from './contender.js';
import { scratchFolder } from './scratch-folder.js';

const { values: options } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string', default: tmpdir() },
  },
});

const folder = scratchFolder('commit-bench', options.folder);
const times = { pass: [] as number[], commit: [] as number[], verify: [] as number[] };
for (let round = 0; round < Number(options.rounds); round++) await measure(round);
const [pass, commit, verify] = [times.pass, times.commit, times.verify].map(median) as [number, number, number];
process.stdout.write(
  `SHA-256 ${pass.toFixed(0)} ms, commit ${commit.toFixed(0)} ms, verify ${verify.toFixed(0)} ms: ` +
    `${((commit + verify) / pass).toFixed(2)} × one pass; load average ${loadavg()[0]!.toFixed(1)}\n`,
);

async function measure(round: number): Promise<void> {
  const cache = join(folder, `cache-${round}`);
  const bytes = randomFillSync(Buffer.alloc(Number(options.megabytes) * 1_000_000));
  const digest = createHash('sha256').update(bytes).digest('hex');
  const store = new Store(cache);
  const staging = await store.makeStaging();
  const file = join(staging, 'model.onnx');
  writeFileSync(file, bytes);
  times.pass.push(await timeOf(() => sha256File(file)));
  const key = sha256(String(round));
  const made = { keyRecord: {}, outputs: { model: [{ path: file, digest }] }, metrics: {}, durationMs: 1 };
  times.commit.push(await timeOf(() => store.commit({ key, ...made, overrule: false })));
  times.verify.push(await timeOf(() => new Store(cache).lookup(key)));
  rmSync(cache, { recursive: true });
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
