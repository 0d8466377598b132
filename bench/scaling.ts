/**
 * How the time of a training step grows with the batch and with the number of parameters:
 *
 *   npm run build && npx jiti bench/scaling.ts [ROUNDS]
 *
 * One live process per size, on one thread; bursts of all sizes take turns, and the fastest burst counts. The growth is the exponent
 * between the smallest and the largest size, and the worst one between neighbours: 1 is linear, less is better than linear.
 */
import { Contender, TUNED_MALLOC } from './contender.js';

interface Size {
  readonly name: string;
  readonly subject: string;
  /** What grows. */
  readonly amount: number;
  readonly env: Readonly<Record<string, string>>;
}

const rounds = Number(process.argv[2] ?? 9);
const BATCHES = [16, 32, 64, 128, 256, 512];
const WIDTHS = [128, 256, 512, 1024, 2048];
const BURST_MS = 80;

await grow('lenet-cifar, samples a step', byBatch('lenet-cifar'));
await grow('mlp 784-300-100-10, samples a step', byBatch('mlp'));
await grow(
  'mlp 784-n-n-10 at batch 64, parameters',
  WIDTHS.map((width) => ({
    name: String(width),
    subject: 'mlp',
    amount: width * (784 + width + 10) + 2 * width + 10,
    env: { HIDDEN: `${width},${width}` },
  })),
);

function byBatch(subject: string): Size[] {
  return BATCHES.map((batch) => ({ name: String(batch), subject, amount: batch, env: { BATCH: String(batch) } }));
}

async function grow(title: string, sizes: readonly Size[]): Promise<void> {
  const contenders = sizes.map(
    ({ name, subject, env }) =>
      new Contender(
        name,
        [process.execPath, 'node_modules/jiti/lib/jiti-cli.mjs', 'bench/lathe-step.ts', subject, '1'],
        {
          ...TUNED_MALLOC,
          SHARDS: '1',
          ...env,
        },
      ),
  );
  try {
    for (const contender of contenders) await contender.ready();
    const best = contenders.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        const steps = Number.isFinite(best[index]!) ? Math.max(2, Math.round(BURST_MS / best[index]!)) : 2;
        best[index] = Math.min(best[index]!, await contender.burst(steps));
      }
    }
    process.stdout.write(`### ${title}\n\n`);
    for (const [index, { name, amount }] of sizes.entries()) {
      process.stdout.write(`${name.padStart(6)}  ${amount}  ${best[index]!.toFixed(3)} ms\n`);
    }
    const exponent = (from: number, to: number) =>
      Math.log(best[to]! / best[from]!) / Math.log(sizes[to]!.amount / sizes[from]!.amount);
    const steps = sizes.slice(1).map((_, index) => exponent(index, index + 1));
    process.stdout.write(
      `growth ${exponent(0, sizes.length - 1).toFixed(2)}, at worst ${Math.max(...steps).toFixed(2)} between neighbours\n\n`,
    );
  } finally {
    for (const contender of contenders) contender.stop();
  }
}
