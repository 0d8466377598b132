/**
 * How the time of a training step grows with the batch and with the number of parameters:
 *
 *   npm run build && npx jiti bench/scaling.ts [ROUNDS]
 *
 * One live process per size, on one thread; bursts of all sizes take turns, and the fastest burst counts. The growth is the exponent
 * between the smallest and the largest size, and the worst one between neighbours: 1 is linear, less is better than linear.
 * PyTorch's growth comes from the same rounds, with one thread and malloc tuned. Needs PyTorch for the Python in $PYTHON.
 */
import { Contender, TUNED_MALLOC } from './contender.js';
import { PYTHON } from './contenders.js';

interface Size {
  readonly name: string;
  readonly subject: string;
  /** What grows. */
  readonly amount: number;
  readonly env: Readonly<Record<string, string>>;
  /** Multiplications of a step for each sample, where they do not grow just as the amount does. */
  readonly work?: number;
}

const rounds = Number(process.argv[2] ?? 9);
const BATCHES = [16, 32, 64, 128, 256, 512];
const WIDTHS = [128, 256, 512, 1024, 2048];
const BURST_MS = 80;
/** Up to so many steps make one run of onnxruntime; of fewer, each would cost more than in a training. */
const LEAST_STEPS = 64;

await grow('lenet-cifar, samples a step', byBatch('lenet-cifar'));
await grow('mlp 784-300-100-10, samples a step', byBatch('mlp'));
await grow(
  'mlp 784-n-n-10 at batch 64, parameters',
  WIDTHS.map((width) => ({
    name: String(width),
    subject: 'mlp',
    amount: width * (784 + width + 10) + 2 * width + 10,
    // Forward and for the gradients of weights; for those of hidden values, without the first layer.
    work: 2 * width * (784 + width + 10) + width * (width + 10),
    env: { HIDDEN: `${width},${width}` },
  })),
);

function byBatch(subject: string): Size[] {
  return BATCHES.map((batch) => ({ name: String(batch), subject, amount: batch, env: { BATCH: String(batch) } }));
}

/** Processes of one framework, one a size, and the fastest time of a step so far in each. */
interface Row {
  readonly framework: string;
  readonly contenders: readonly Contender[];
  readonly best: number[];
}

async function grow(title: string, sizes: readonly Size[]): Promise<void> {
  const rowOf = (framework: string, command: (size: Size) => readonly [string, ...string[]], env: object): Row => ({
    framework,
    contenders: sizes.map(
      (size) => new Contender(`${framework}, ${size.name}`, command(size), { ...TUNED_MALLOC, ...env, ...size.env }),
    ),
    best: sizes.map(() => Number.POSITIVE_INFINITY),
  });
  const lathe = [process.execPath, 'node_modules/jiti/lib/jiti-cli.mjs', 'bench/lathe-step.ts'] as const;
  const rows = [
    rowOf('Lathe', ({ subject }) => [...lathe, subject, '1'], { SHARDS: '1' }),
    rowOf('PyTorch', ({ subject }) => [PYTHON, 'bench/torch_step.py', subject, '1'], { OPENBLAS_NUM_THREADS: '1' }),
  ];
  try {
    for (const { contenders } of rows) {
      for (const contender of contenders) {
        await contender.ready();
        await contender.burst(2);
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (let index = 0; index < sizes.length; index++) for (const row of rows) await burstOf(row, index);
    }
    process.stdout.write(`### ${title}\n\n`);
    for (const [index, { name, amount }] of sizes.entries()) {
      const times = rows.map(({ framework, best }) => `${framework} ${best[index]!.toFixed(3)} ms`);
      process.stdout.write(`${name.padStart(6)}  ${amount}  ${times.join('  ')}\n`);
    }
    for (const { framework, best } of rows) process.stdout.write(`${growthOf(framework, best, sizes)}\n`);
    const work = sizes.flatMap((size) => size.work ?? []);
    if (work.length > 0) process.stdout.write(`${growthOf('Multiplications', work, sizes)}\n`);
    process.stdout.write('\n');
  } finally {
    for (const { contenders } of rows) for (const contender of contenders) contender.stop();
  }
}

async function burstOf({ contenders, best }: Row, index: number): Promise<void> {
  const steps = Math.max(LEAST_STEPS, Math.round(BURST_MS / best[index]!));
  best[index] = Math.min(best[index]!, await contenders[index]!.burst(steps));
}

function growthOf(what: string, values: readonly number[], sizes: readonly Size[]): string {
  const exponent = (from: number, to: number) =>
    Math.log(values[to]! / values[from]!) / Math.log(sizes[to]!.amount / sizes[from]!.amount);
  const neighbours = sizes.slice(1).map((_, index) => exponent(index, index + 1));
  const whole = exponent(0, sizes.length - 1).toFixed(2);
  return `${what}: growth ${whole}, at worst ${Math.max(...neighbours).toFixed(2)} between neighbours`;
}
