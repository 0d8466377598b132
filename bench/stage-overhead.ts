/**
 * What a stage takes besides its work: npm run build && npx jiti bench/stage-overhead.ts [--stages 10] [--ms 800] [--rounds 3]
 *
 * Stages that wait and make a model of a few bytes, one at a time, from an empty cache: without processes, which leaves looking up,
 * staging, storing and events; in processes that are started ahead, as `lathe run` has them; and in processes that are started
 * when they are needed. The figure is the median of the rounds: the time per stage, less what it waits for.
 */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Store } from '../src/artifacts/store.js';
import { keyFunction } from '../src/cli/keys.js';
import { preparePlan } from '../src/cli/prepare.js';
import { processTerminal } from '../src/cli/terminal.js';
import type { Plan } from '../src/plan/plan.js';
import { childEnvironment } from '../src/run/child-environment.js';
import type { Executor } from '../src/run/executor.js';
import { localExecutor } from '../src/run/local-executor.js';
import { runPlan } from '../src/run/run-plan.js';
import { runtimeFacts } from '../src/run/runtime-facts.js';
import { median } from './contender.js';
import { scratchFolder } from './scratch-folder.js';

const { values: options } = parseArgs({
  options: {
    stages: { type: 'string', default: '10' },
    ms: { type: 'string', default: '800' },
    rounds: { type: 'string', default: '3' },
  },
});
const [stages, rounds] = [Number(options.stages), Number(options.rounds)];
const folder = scratchFolder('overhead');
const idle = await planOf(0);
const waiting = await planOf(Number(options.ms));
const local = (spares: number) =>
  localExecutor({ childEntry: resolve('dist/bin/child.cjs'), env: childEnvironment(process.env, []), spares });
const subjects = new Map<string, () => Promise<number>>([
  ['no process', () => overheadOf(idle, 0, inThisProcess())],
  [`a process started ahead, stages of ${options.ms} ms`, () => overheadOf(waiting, Number(options.ms), local(1))],
  [`a process started then, stages of ${options.ms} ms`, () => overheadOf(waiting, Number(options.ms), local(0))],
  ['a process started ahead, stages of 0 ms', () => overheadOf(idle, 0, local(1))],
]);
const times = new Map([...subjects.keys()].map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of subjects) times.get(name)!.push(await run());
}
for (const [name, each] of times) {
  process.stdout.write(`${name.padEnd(46)} ${median(each).toFixed(1).padStart(6)} ms per stage\n`);
}
process.stdout.write(`load average ${loadavg()[0]!.toFixed(1)}\n`);

async function planOf(ms: number): Promise<Plan> {
  const recipe = join(folder, `recipe-${ms}.yaml`);
  const lines = Array.from(
    { length: stages },
    (_, i) => `  - { id: s${i}, uses: idle, with: { ms: ${ms}, weight: ${i} } }`,
  );
  writeFileSync(recipe, `version: 1\nplugins: [${resolve('bench/idle-stage.ts')}]\nstages:\n${lines.join('\n')}\n`);
  const request = { recipe, allowPath: [resolve('.')], localPlugins: true };
  return preparePlan(request, { terminal: processTerminal(process.env), env: process.env });
}

/** Milliseconds per stage behind the first, which nothing could be started ahead for, less those that it waits. */
async function overheadOf(plan: Plan, ms: number, executor: Executor): Promise<number> {
  const ends: number[] = [];
  const { failures } = await runPlan(plan, {
    store: new Store(mkdtempSync(join(folder, 'cache-'))),
    executor,
    runsDir: join(folder, 'runs'),
    facts: runtimeFacts(),
    keyOf: keyFunction(runtimeFacts(), plan),
    jobs: 1,
    cores: 1,
    isForced: () => false,
    stop: new AbortController().signal,
    listener: ({ type }) => void (type === 'stage-end' && ends.push(performance.now())),
  });
  await executor.close();
  if (failures.length > 0) throw failures[0]!.error;
  return (ends.at(-1)! - ends[0]!) / (stages - 1) - ms;
}

/** Writes what the stage would. */
function inThisProcess(): Executor {
  return {
    async execute({ staging, options }) {
      const path = join(staging, 'outputs', 'model.onnx');
      await mkdir(join(staging, 'outputs'));
      await writeFile(path, JSON.stringify(options));
      return { outputs: { model: [path] }, metrics: {} };
    },
    async requireProvider() {},
    async close() {},
  };
}
