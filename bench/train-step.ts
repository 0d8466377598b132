/**
 * Times a training step of Lathe against PyTorch's: npm run build && npx jiti bench/train-step.ts [options]
 *
 *   --subjects lenet-cifar,lenet5,mlp,transformer,resnet20   --rounds 15   --ms 150   --cores 1,2
 *   --against /path/to/another/checkout   adds a built copy of Lathe, to compare two states of the source
 *   --peers none                          leaves PyTorch out
 *
 * One live process per contender; in every round each of them runs one burst of as many steps as the fastest makes in about `--ms`, in
 * an order that turns, so that what else the machine does hits all alike. A pause and some steps that do not count come before each
 * burst: threads of the contender before it have gone to sleep by then, its own are awake. The figure is the median over the rounds. PyTorch is judged at its best of 1 and 2
 * threads (and one thread with all of BLAS), with glibc's malloc as it comes and with it tuned against page faults, which slow PyTorch down on some machines;
 * Lathe runs with it tuned, as in every stage. Needs PyTorch for the Python in $PYTHON (default /usr/bin/python3).
 */
import { loadavg } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Contender, median } from './contender.js';
import { latheContenders, torchContenders } from './contenders.js';

const { values: options } = parseArgs({
  options: {
    subjects: { type: 'string', default: 'lenet-cifar,lenet5,mlp,transformer,resnet20' },
    rounds: { type: 'string', default: '15' },
    ms: { type: 'string', default: '150' },
    cores: { type: 'string', default: '1,2' },
    against: { type: 'string' },
    peers: { type: 'string', default: 'pytorch' },
  },
});

/** OpenBLAS's threads look out for work for some 25 ms before they sleep, on a core that the next contender needs. */
const PAUSE_MS = 60;

for (const subject of options.subjects.split(',')) {
  const rounds = Number(options.rounds);
  const contenders = contendersFor(subject);
  try {
    const steps = await stepsOfBurst(contenders);
    const times = await race(contenders, rounds, steps);
    const memory = new Map<string, number>();
    for (const contender of contenders) memory.set(contender.name, await contender.memory());
    process.stdout.write(`### ${subject}\n\n${rounds} rounds of ${steps} steps; `);
    process.stdout.write(`load average ${loadavg()[0]!.toFixed(1)} at the end.\n\n`);
    report(times, memory);
  } finally {
    for (const contender of contenders) contender.stop();
  }
}

function contendersFor(subject: string): Contender[] {
  const cores = options.cores.split(',');
  const folder = options.against;
  const others = folder === undefined ? [] : latheContenders({ subject, cores, name: 'other Lathe', folder });
  return [
    ...latheContenders({ subject, cores }),
    ...others,
    ...(options.peers === 'none' ? [] : torchContenders(subject)),
  ];
}

/** Lets all warm up. @returns steps that the fastest makes in the time of a burst */
async function stepsOfBurst(contenders: readonly Contender[]): Promise<number> {
  const times: number[] = [];
  for (const contender of contenders) {
    await contender.ready();
    await contender.burst(5);
    times.push(await contender.burst(5));
  }
  return Math.max(3, Math.round(Number(options.ms) / Math.min(...times)));
}

/** Times of one step by contender, one per round. */
async function race(contenders: readonly Contender[], rounds: number, steps: number): Promise<Map<string, number[]>> {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(round + i) % contenders.length]!;
      await setTimeout(PAUSE_MS);
      await contender.burst(Math.ceil(steps / 10));
      times.get(contender.name)!.push(await contender.burst(steps));
    }
  }
  return times;
}

function report(times: ReadonlyMap<string, readonly number[]>, memory: ReadonlyMap<string, number>): void {
  const best = (prefix: string, of: (rounds: readonly number[]) => number) =>
    Math.min(...[...times].filter(([name]) => name.startsWith(prefix)).map(([, rounds]) => of(rounds)));
  const fastest = (rounds: readonly number[]) => Math.min(...rounds);
  // Ours is what a stage does by itself: with all cores. The better of several settings would be luck where they do the same.
  const own = `Lathe, ${options.cores.split(',').at(-1)} `;
  const lines = [`| contender | median ms | fastest | peak MiB |`, '| --- | --- | --- | --- |'];
  for (const [name, rounds] of times) {
    const [middle, least] = [median(rounds), fastest(rounds)].map((ms) => ms.toPrecision(3));
    lines.push(`| ${name} | ${middle} | ${least} | ${Math.round(memory.get(name)!)} |`);
  }
  for (const prefix of ['PyTorch', 'other Lathe']) {
    if (![...times.keys()].some((name) => name.startsWith(prefix))) continue;
    const [middle, least] = [median, fastest].map((of) => (best(own, of) / best(prefix, of)).toFixed(2));
    lines.push(
      '',
      `Lathe with all cores / best of ${prefix}: **${middle}** (of the fastest rounds: ${least}); below 1 Lathe is faster.`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}
