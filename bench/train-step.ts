/**
 * Times a training step of Lathe against PyTorch's: npm run build && npx jiti bench/train-step.ts [options]
 *
 *   --networks lenet-cifar,lenet5,mlp   --batch 64   --rounds 15   --steps 20   --cores 1,2
 *
 * One live process per contender; in every round each of them runs one short burst, in an order that turns, so that what
 * else the machine does hits all alike. The figure is the median over the rounds. PyTorch is judged at its best of 1 and 2
 * threads, with glibc's malloc as it comes and with it tuned against page faults, which slow PyTorch down on some machines.
 * Needs PyTorch for the Python in $PYTHON (default /usr/bin/python3).
 */
import { parseArgs } from 'node:util';
import { Contender, median } from './contender.js';

const TUNED_MALLOC = {
  MALLOC_MMAP_THRESHOLD_: '1073741824',
  MALLOC_TRIM_THRESHOLD_: '1073741824',
  MALLOC_TOP_PAD_: '67108864',
};

const { values: options } = parseArgs({
  options: {
    networks: { type: 'string', default: 'lenet-cifar,lenet5,mlp' },
    batch: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '15' },
    steps: { type: 'string', default: '20' },
    cores: { type: 'string', default: '1,2' },
  },
});
const JITI = 'node_modules/jiti/lib/jiti-cli.mjs';
const PYTHON = process.env.PYTHON ?? '/usr/bin/python3';

process.stdout.write(`Milliseconds for one training step, batch ${options.batch}: median of ${options.rounds} rounds`);
process.stdout.write(` of ${options.steps} steps; in brackets the fastest round.\n\n`);
for (const network of options.networks.split(',')) {
  const contenders = contendersFor(network);
  try {
    report(network, await race(contenders, Number(options.rounds), Number(options.steps)));
  } finally {
    for (const contender of contenders) contender.stop();
  }
}

function contendersFor(network: string): Contender[] {
  const ours = options.cores
    .split(',')
    .map(
      (cores) =>
        new Contender(`Lathe, ${plural(cores, 'core')}`, [
          process.execPath,
          JITI,
          'bench/lathe-step.ts',
          network,
          options.batch,
          cores,
        ]),
    );
  const theirs = [1, 2].flatMap((threads) =>
    (['default', 'tuned'] as const).map(
      (malloc) =>
        new Contender(
          `PyTorch, ${plural(threads, 'thread')}, ${malloc} malloc`,
          [PYTHON, 'bench/torch_step.py', network, options.batch, String(threads)],
          malloc === 'tuned' ? TUNED_MALLOC : {},
        ),
    ),
  );
  return [...ours, ...theirs];
}

/** Times of one step by contender, one per round. */
async function race(contenders: readonly Contender[], rounds: number, steps: number): Promise<Map<string, number[]>> {
  for (const contender of contenders) {
    await contender.ready();
    await contender.burst(steps);
  }
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(round + i) % contenders.length]!;
      times.get(contender.name)!.push(await contender.burst(steps));
    }
  }
  return times;
}

function report(network: string, times: ReadonlyMap<string, readonly number[]>): void {
  const best = (prefix: string) =>
    Math.min(...[...times].filter(([name]) => name.startsWith(prefix)).map(([, rounds]) => median(rounds)));
  const lines = [`### ${network}`, '', '| contender | ms | images/s |', '| --- | --- | --- |'];
  for (const [name, rounds] of times) {
    const ms = median(rounds);
    const rate = Math.round((Number(options.batch) * 1000) / ms);
    lines.push(`| ${name} | ${ms.toFixed(2)} (${Math.min(...rounds).toFixed(2)}) | ${rate} |`);
  }
  const ratio = best('Lathe') / best('PyTorch');
  lines.push('', `Best of Lathe / best of PyTorch: **${ratio.toFixed(2)}** (below 1: Lathe is faster)`, '');
  process.stdout.write(`${lines.join('\n')}\n`);
}

function plural(count: number | string, noun: string): string {
  return `${count} ${noun}${Number(count) === 1 ? '' : 's'}`;
}
