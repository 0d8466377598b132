/**
 * Times a training step of Lathe beside those of other JavaScript libraries, on lenet-cifar with batches of 64:
 *
 *   npm ci --prefix bench/js-peers && npm run build && npx jiti bench/js-peers.ts [rounds]
 *
 * First all take the same three steps from the same weights on the same batch, and must report the same losses. Then one live
 * process each, bursts interleaved as in bench/train-step.ts; medians.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { floatsOf } from 'onnx-lathe/onnx';
import { Random } from 'onnx-lathe/plugin';
import { constantSchedule, crossEntropy, sgd, train } from 'onnx-lathe/train';
import { Contender, median } from './contender.js';
import { scratchFolder } from './scratch-folder.js';
import { SUBJECTS } from './subjects.js';

const STEPS = 3;
/** Float32 in other orders of summation, over three steps. */
const RTOL = 1e-4;
const PEERS = { tfjs: 'tfjs 4.22, cpu backend', jax: 'jax-js 0.1.25, wasm backend' };
const PROGRAM = 'bench/js-peers/js-step.mjs';
const OPTIMIZER = { lr: 0.01, momentum: 0.9, nesterov: false, weightDecay: 0 };

const folder = scratchFolder('js-peers');
const file = join(folder, 'case.json');
const expected = await lossesOfLathe();
for (const peer of Object.keys(PEERS)) {
  const losses = JSON.parse(execFileSync(process.execPath, [PROGRAM, peer, file, String(STEPS)], { encoding: 'utf8' }));
  const isSame = expected.every((loss, i) => Math.abs(loss - losses[i]) <= RTOL * loss);
  process.stdout.write(`${peer}: losses ${losses.join(', ')}; Lathe ${expected.join(', ')}\n`);
  if (!isSame) throw new Error(`${peer} computes something else`);
}
await race(Number(process.argv[2] ?? 5));

/** One batch, always the same; the order of its samples does not matter. Writes it down for the peers. */
async function lossesOfLathe(): Promise<number[]> {
  const random = new Random('js peers');
  const model = await SUBJECTS['lenet-cifar']!.model(random);
  const data = await SUBJECTS['lenet-cifar']!.data(random);
  const [x, y] = [new Float32Array(64 * 3072), new Int32Array(64)];
  await data.train.read([...Array(64).keys()], x, y);
  const weights = [...model.graph.initializers.values()].map((tensor) => ({
    dims: tensor.dims,
    data: [...floatsOf(tensor)],
  }));
  writeFileSync(file, JSON.stringify({ x: [...x], y: [...y], weights, ...OPTIMIZER }));
  const losses: number[] = [];
  await train({
    model,
    data: { ...data, train: { ...data.train, count: 64 } },
    loss: crossEntropy(),
    optimizer: sgd(OPTIMIZER),
    schedule: constantSchedule({ warmup: 0 }),
    length: { steps: STEPS },
    batch: 64,
    random,
    onProgress: ({ loss }) => losses.push(loss),
  });
  return losses;
}

async function race(rounds: number): Promise<void> {
  const lathe = ['node_modules/jiti/lib/jiti-cli.mjs', 'bench/lathe-step.ts', 'lenet-cifar'];
  const contenders = [
    ...['1', '2'].map((cores) => new Contender(`Lathe, ${cores} of the cores`, [process.execPath, ...lathe, cores])),
    ...Object.entries(PEERS).map(([peer, name]) => new Contender(name, [process.execPath, PROGRAM, peer, file])),
  ];
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  try {
    for (const contender of contenders) await contender.ready();
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        const steps = contender.name.startsWith('Lathe') ? 20 : 1;
        times.get(contender.name)!.push(await contender.burst(steps));
      }
    }
  } finally {
    for (const contender of contenders) contender.stop();
  }
  const best = Math.min(...[...times].filter(([name]) => name.startsWith('Lathe')).map(([, all]) => median(all)));
  process.stdout.write('\n| contender | median ms | times the best of Lathe |\n| --- | --- | --- |\n');
  for (const [name, all] of times) {
    process.stdout.write(`| ${name} | ${median(all).toPrecision(3)} | ${(median(all) / best).toFixed(1)} |\n`);
  }
}
