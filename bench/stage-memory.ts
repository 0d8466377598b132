/**
 * What stages are estimated to need before they run, and what their processes held: npm run build && npx jiti bench/stage-memory.ts
 * [RECIPE …], default: networks of five kinds on random images.
 *
 * Stages run one at a time. While one runs, the kernel's peak of its process (VmHWM) is read from /proc every 10 ms (Linux).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { Store } from '../src/artifacts/store.js';
import { keyFunction } from '../src/cli/keys.js';
import { prepare } from '../src/cli/prepare.js';
import { processTerminal } from '../src/cli/terminal.js';
import { previewPlan } from '../src/plan/previews.js';
import { childEnvironment } from '../src/run/child-environment.js';
import type { Executor } from '../src/run/executor.js';
import { localExecutor } from '../src/run/local-executor.js';
import { PROCESS_BYTES } from '../src/run/memory-budget.js';
import { runPlan } from '../src/run/run-plan.js';
import { runtimeFacts } from '../src/run/runtime-facts.js';
import { scratchFolder } from './scratch-folder.js';

const folder = scratchFolder('stage-memory');
const recipes = process.argv.slice(2).map((recipe) => resolve(recipe));
process.stdout.write('| stage | estimated | held | estimated / held |\n| --- | --- | --- | --- |\n');
for (const recipe of recipes.length === 0 ? [writeRecipe()] : recipes) await compare(recipe);

async function compare(recipe: string): Promise<void> {
  const surroundings = { terminal: processTerminal(process.env), env: process.env };
  const { plan, registries } = await prepare({ recipe, allowPath: [resolve('.')], localPlugins: true }, surroundings);
  const store = new Store(join(folder, 'cache'));
  const previews = await previewPlan({ plan, registries, records: new Map(), store });
  const peaks = new Map<string, number>();
  const executor = watched(
    localExecutor({ childEntry: resolve('dist/bin/child.cjs'), env: childEnvironment(process.env, []) }),
    peaks,
  );
  const { failures } = await runPlan(
    { ...plan, exports: [] },
    {
      store,
      executor,
      runsDir: join(folder, 'runs'),
      facts: runtimeFacts(),
      keyOf: keyFunction(runtimeFacts(), plan),
      jobs: 1,
      cores: availableParallelism(),
      isForced: () => false,
      stop: new AbortController().signal,
      listener: () => {},
    },
  );
  if (failures.length > 0) throw failures[0]!.error;
  const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
  for (const { id } of plan.cells) {
    const { memory } = previews.cells.get(id)!;
    const [estimate, held] = [memory === undefined ? null : PROCESS_BYTES + memory, peaks.get(id)!];
    const columns = [
      id,
      estimate === null ? 'unknown' : mebibytes(estimate),
      mebibytes(held),
      estimate === null ? '' : (estimate / held).toFixed(2),
    ];
    process.stdout.write(`| ${columns.join(' | ')} |\n`);
  }
}

/** Notes the peak of each job's process, which may still be there, waiting to be alone, while the next one runs. */
function watched(executor: Executor, peaks: Map<string, number>): Executor {
  return {
    ...executor,
    async execute(job, options) {
      const before = childrenOf(process.pid);
      const result = executor.execute(job, options);
      const pid = childrenOf(process.pid).find((child) => !before.includes(child));
      if (pid === undefined) throw new Error('internal: the executor has started no process');
      const timer = setInterval(() => peaks.set(job.cell, Math.max(peaks.get(job.cell) ?? 0, peakOf(pid))), 10);
      try {
        return await result;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? Number(entry) : []));
  return pids.filter((pid) => Number(/^PPid:\s+(\d+)/m.exec(statusOf(pid))?.[1]) === parent);
}

function peakOf(pid: number): number {
  return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(statusOf(pid))?.[1] ?? 0);
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // It has ended.
  }
}

/** Random images of two sizes, and networks that spend their memory on different things. */
function writeRecipe(): string {
  for (const [size, dims] of Object.entries({ 28: [3000, 1, 28, 28], 32: [1200, 3, 32, 32] })) {
    const count = dims[0]!;
    writeFileSync(
      join(folder, `x${size}.npy`),
      npy('|u1', dims, (i) => (i * 48271) % 251),
    );
    writeFileSync(
      join(folder, `y${size}.npy`),
      npy('|u1', [count], (i) => i % 10),
    );
  }
  const networks: Readonly<Record<string, readonly [data: string, rest: string]>> = {
    lenet5: ['d28', 'batch: 64'],
    wide: ['d28', 'batch: 64, optimizer: { adam: {} }'],
    conv: ['d28', 'batch: 256, optimizer: { sgd: { momentum: 0.9 } }'],
    'lenet-cifar': ['d32', 'batch: 128, optimizer: { sgd: { momentum: 0.9 } }'],
    resnet20: ['d32', 'batch: 64, optimizer: { sgd: { momentum: 0.9 } }'],
  };
  const stages = Object.entries(networks).flatMap(([network, [data, rest]]) => [
    `{ id: ${network}, uses: train, with: { network: ${network}, data: ${data}, epochs: 1, ${rest} } }`,
    `{ id: ${network}-pruned, uses: prune, from: ${network}, with: { keep: 0.1 } }`,
    `{ id: ${network}-int8, uses: quantize, from: ${network}, with: { method: static, calibrate: { data: ${data} } } }`,
    `{ id: ${network}-test, uses: evaluate, from: ${network}, with: { data: ${data}, split: train } }`,
  ]);
  const path = join(folder, 'recipe.yaml');
  writeFileSync(
    path,
    `version: 1
data:
  d28: { uses: npy, with: { train: { x: x28.npy, y: y28.npy } } }
  d32: { uses: npy, with: { train: { x: x32.npy, y: y32.npy } } }
networks:
  wide: { layers: [{ linear: 2048 }, relu, { linear: 1024 }, relu, { linear: 10 }] }
  conv: { layers: [{ conv: { filters: 32, kernel: 3 } }, relu, { conv: { filters: 64, kernel: 3 } }, relu, { linear: 10 }] }
stages:
${stages.map((stage) => `  - ${stage}`).join('\n')}
`,
  );
  return path;
}

/** The bytes of a file as numpy.save writes it. */
function npy(descr: string, dims: readonly number[], value: (index: number) => number): Buffer {
  const data = Uint8Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, index) => value(index));
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims.join(', ')},), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from('\x93NUMPY\x01\x00  ', 'latin1');
  start.writeUInt16LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded, 'latin1'), data]);
}
