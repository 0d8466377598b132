/**
 * Times an epoch of LeNet-5 on Fashion-MNIST against PyTorch, with its data: npm run build && npx jiti bench/train-epoch.ts
 *
 *   --epochs 3   --parts 12   --cores 1,2   --peers none leaves PyTorch out
 *
 * What a training stage does, without its validation: unpacking the files, once; for every step the order of the epoch, the
 * batch, normalized, and an update. PyTorch keeps all images normalized in memory and picks batches by index_select, the
 * fastest way it has. Contenders as in bench/train-step.ts; they take turns after each part of an epoch. The figure is the
 * time for reading the files and one epoch: with the median of the epochs, and with the fastest of each part.
 * Needs Debian's dataset-fashion-mnist (or its folder in $FASHION_MNIST).
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type Contender, median } from './contender.js';
import { latheContenders, torchContenders } from './contenders.js';

/** Whole batches of 64 in 60,000 images. */
const STEPS = 937;

const { values: options } = parseArgs({
  options: {
    epochs: { type: 'string', default: '3' },
    parts: { type: 'string', default: '12' },
    cores: { type: 'string', default: '1,2' },
    peers: { type: 'string', default: 'pytorch' },
  },
});

interface Result {
  readonly readingMs: number;
  /** Per epoch the milliseconds of each part. */
  readonly epochs: number[][];
}

const subject = 'fashion-epoch';
const contenders = [
  ...latheContenders({ subject, cores: options.cores.split(',') }),
  ...(options.peers === 'none' ? [] : torchContenders(subject)),
];
try {
  const results = new Map<Contender, Result>();
  for (const contender of contenders) {
    await contender.ready();
    await contender.burst(30);
    results.set(contender, { readingMs: await contender.readingMs(), epochs: [] });
  }
  for (let epoch = 0; epoch < Number(options.epochs); epoch++) await race(results, partLengths(Number(options.parts)));
  process.stdout.write(`${options.epochs} epochs in ${options.parts} parts; `);
  process.stdout.write(`load average ${loadavg()[0]!.toFixed(1)} at the end.\n\n`);
  await report(results);
} finally {
  for (const contender of contenders) contender.stop();
}

function partLengths(parts: number): number[] {
  const begin = (part: number) => Math.floor((STEPS * part) / parts);
  return Array.from({ length: parts }, (_, part) => begin(part + 1) - begin(part));
}

/** One epoch of every contender, part by part in turns. */
async function race(results: ReadonlyMap<Contender, Result>, lengths: readonly number[]): Promise<void> {
  for (const { epochs } of results.values()) epochs.push([]);
  for (const [part, steps] of lengths.entries()) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(part + i) % contenders.length]!;
      const ms = steps * (await contender.burst(steps));
      results.get(contender)!.epochs.at(-1)!.push(ms);
    }
  }
}

async function report(results: ReadonlyMap<Contender, Result>): Promise<void> {
  const lines = [
    '| contender | reading s | reading + epoch s, median | fastest parts | peak MiB |',
    '| --- | --- | --- | --- | --- |',
  ];
  const best: Record<string, { middle: number; fastest: number }> = {};
  for (const [contender, { readingMs, epochs }] of results) {
    const middle = readingMs + median(epochs.map(sum));
    const fastest = readingMs + sum(epochs[0]!.map((_, part) => Math.min(...epochs.map((times) => times[part]!))));
    const seconds = [readingMs, middle, fastest].map((ms) => (ms / 1000).toPrecision(3));
    lines.push(`| ${contender.name} | ${seconds.join(' | ')} | ${Math.round(await contender.memory())} |`);
    const name = contender.name.split(',')[0]!;
    // Ours counts with the most cores, which come last: as a stage runs.
    const known = name === 'Lathe' ? { middle, fastest } : (best[name] ?? { middle, fastest });
    best[name] = { middle: Math.min(known.middle, middle), fastest: Math.min(known.fastest, fastest) };
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  const { Lathe: ours, PyTorch: peer } = best;
  if (ours === undefined || peer === undefined) return;
  process.stdout.write(
    `\nLathe with all cores / best of PyTorch: **${(ours.middle / peer.middle).toFixed(2)}** ` +
      `(of the fastest parts: ${(ours.fastest / peer.fastest).toFixed(2)}); below 1 Lathe is faster.\n`,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
