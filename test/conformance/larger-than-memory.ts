/**
 * Trains on a generated .npy file that is larger than the memory which the run may have (RLIMIT_DATA, set by prlimit),
 * and tells how much it took. Linux only; run by hand, after `npm run build`:
 *
 *   npx jiti test/conformance/larger-than-memory.ts [FILE_GIB] [LIMIT_MIB] [FOLDER]
 */
import { randomFillSync } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npyBytes } from '../data/support.js';
import { LATHE } from '../support/lathe.js';
import { gib, measure } from '../support/peak-memory.js';

const SAMPLE_BYTES = 3 * 32 * 32;
const CLASSES = 10;
const BLOCK_SAMPLES = 1 << 14;

const fileBytes = Number(process.argv[2] ?? 2.5) * 2 ** 30;
const limitBytes = Number(process.argv[3] ?? 1024) * 2 ** 20;
const folder = mkdtempSync(join(process.argv[4] ?? tmpdir(), 'lathe-large-'));
try {
  const count = Math.floor(fileBytes / SAMPLE_BYTES);
  await writeSamples(count);
  process.stdout.write(`${count} samples, ${gib(count * SAMPLE_BYTES)}; limit ${gib(limitBytes)}\n`);
  writeRecipe();
  process.exitCode = await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Noise, with a brighter band whose place is the class. */
async function writeSamples(count: number): Promise<void> {
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7 + (i >> 5)) % CLASSES);
  writeFileSync(join(folder, 'y.npy'), npyBytes('|u1', [count], labels));
  const file = createWriteStream(join(folder, 'x.npy'));
  file.write(npyBytes('|u1', [count, 3, 32, 32], new Uint8Array(0)));
  const noise = randomFillSync(new Uint8Array(BLOCK_SAMPLES * SAMPLE_BYTES));
  for (let first = 0; first < count; first += BLOCK_SAMPLES) {
    const block = noise.slice(0, Math.min(BLOCK_SAMPLES, count - first) * SAMPLE_BYTES);
    for (let i = 0; i * SAMPLE_BYTES < block.length; i++) {
      const start = i * SAMPLE_BYTES + labels[first + i]! * 96;
      block.fill(255, start, start + 64);
    }
    if (!file.write(block)) await new Promise<void>((resolve) => file.once('drain', () => resolve()));
  }
  await new Promise<void>((resolve) => file.end(() => resolve()));
}

function writeRecipe(): void {
  const text = `version: 1
name: large
data:
  large: { uses: npy, with: { train: { x: x.npy, y: y.npy }, split: { validation: 2000 } } }
stages:
  - id: trained
    uses: train
    with: { network: lenet-cifar, data: large, epochs: 0.05, batch: 64, optimizer: { sgd: { lr: 0.02 } } }
    expect: { accuracy: { min: 50% } }
`;
  writeFileSync(join(folder, 'recipe.yaml'), text);
}

async function run(): Promise<number> {
  const argv = [`--data=${limitBytes}`, process.execPath, LATHE, 'run'];
  const { code, peakBytes, seconds, output } = await measure('prlimit', argv, folder);
  process.stdout.write(output);
  process.stdout.write(
    `peak resident memory ${gib(Math.max(...peakBytes))} of one process, ${Math.round(seconds)} s\n`,
  );
  return code ?? 1;
}
