import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Store } from '../../src/artifacts/store.js';
import type { Json } from '../../src/core/canonical-json.js';
import { digestOf } from '../../src/core/hash.js';
import { Contents } from '../../src/plan/contents.js';
import type { Cell, Plan, Source } from '../../src/plan/plan.js';
import type { StageDefinition } from '../../src/plugin/stage.js';
import type { GateDeclaration, Recipe } from '../../src/recipe/recipe.js';
import type { RunEvent } from '../../src/run/events.js';
import type { ExecuteOptions, Executor } from '../../src/run/executor.js';
import type { Job, JobResult } from '../../src/run/job.js';
import { type RunOptions, type RunOutcome, runPlan } from '../../src/run/run-plan.js';
import type { Provider } from '../../src/runtime/provider.js';

/** What a test says of a cell; the rest follows. */
export interface CellSketch {
  readonly id: string;
  /** Cells whose model it takes; one is the slot `model`, of several each is a slot by its name. */
  readonly from?: readonly string[];
  readonly needs?: readonly string[];
  readonly options?: Readonly<Record<string, Json>>;
  readonly expect?: Readonly<Record<string, GateDeclaration>>;
  readonly timeoutMs?: number;
  readonly attempts?: number;
  /** Default: the stage does not compute. */
  readonly provider?: Provider;
  /** Passes its input on unchanged instead of making a model. */
  readonly passes?: boolean;
}

export function sketchPlan(sketches: readonly CellSketch[], exports: Plan['exports'] = []): Plan {
  return { recipe: RECIPE, cells: sketches.map(sketchCell), exports, contents: new Contents() };
}

const RECIPE: Recipe = {
  file: '/recipes/test.yaml',
  digest: '0'.repeat(64),
  contentDigest: '1'.repeat(64),
  folder: '/recipes',
  name: 'test',
  seed: 7,
  plugins: [],
  params: {},
  env: { hash: [], pass: [] },
  data: {},
  networks: {},
  models: {},
  measure: null,
  runtime: { provider: 'cpu', threads: null },
  stages: [],
  exports: {},
  locate: () => ({ kind: 'text', file: '/recipes/test.yaml', line: 1, column: 1 }),
};

function sketchCell(sketch: CellSketch, index: number): Cell {
  const from = sketch.from ?? [];
  const inputs: Record<string, Source> = {};
  for (const cell of from) inputs[from.length === 1 ? 'model' : cell] = { kind: 'cell', cell, slot: 'model' };
  const isMeasure = sketch.id.endsWith('.measure');
  return {
    id: sketch.id,
    stage: sketch.id.replace(/\.measure$/, ''),
    labels: {},
    uses: 'fake',
    definition: {
      ...FAKE_STAGE,
      outputs: { model: sketch.passes === true ? { same: 'model' } : 'model' },
    },
    plugin: { kind: 'built-in' },
    options: sketch.options ?? {},
    keyOptions: sketch.options ?? {},
    modelOptions: [],
    runtime: sketch.provider === undefined ? null : { provider: sketch.provider, threads: null },
    inputs,
    collected: null,
    metrics: FAKE_STAGE.metrics,
    dependsOn: [...from, ...(sketch.needs ?? [])],
    data: {},
    networks: {},
    seed: `7/${sketch.id}`,
    env: {},
    gates: Object.entries(sketch.expect ?? {}).map(([metric, gate]) => ({
      metric,
      gate,
      against: gate.from ?? null,
      place: placeOf(index),
    })),
    tolerances: {},
    timeoutMs: sketch.timeoutMs ?? null,
    attempts: sketch.attempts ?? 1,
    checkpoint: { ms: 30_000 },
    isMeasure,
    place: placeOf(index),
  };
}

function placeOf(index: number): Cell['place'] {
  return { kind: 'text', file: '/recipes/test.yaml', line: index + 1, column: 5 };
}

const FAKE_STAGE: StageDefinition = {
  name: 'fake',
  revision: 1,
  summary: 'A stage of a test.',
  options: { type: 'object' },
  inputs: {},
  outputs: { model: 'model' },
  metrics: { accuracy: { unit: 'ratio' }, gzipBytes: { unit: 'bytes' } },
  computes: false,
  run: async () => ({}),
};

/** What a fake stage does: returns the content of its model, and metrics. */
export type FakeWork = (
  job: Job,
  options: ExecuteOptions,
) => Promise<{ readonly model?: string; readonly metrics?: Record<string, Json> }>;

export interface FakeExecutor extends Executor {
  /** Cells in the order in which they began. */
  readonly begun: readonly string[];
  /** The most that ran at one time. */
  readonly mostAtOnce: () => number;
}

/** Executes jobs in this process. Without `work`, a model is made of the cell's options and inputs. */
export function fakeExecutor(work: FakeWork = async () => ({})): FakeExecutor {
  const begun: string[] = [];
  let running = 0;
  let most = 0;
  return {
    begun,
    mostAtOnce: () => most,
    async close() {},
    async requireProvider() {},
    async execute(job, options): Promise<JobResult> {
      begun.push(job.cell);
      most = Math.max(most, ++running);
      try {
        const { model, metrics = {} } = await work(job, options);
        const path = join(job.staging, 'outputs', 'model.onnx');
        await mkdir(dirname(path));
        const inputs = Object.values(job.inputs).map((input) => input.digest);
        writeFileSync(path, model ?? JSON.stringify({ options: job.options, inputs }));
        return { outputs: job.options.passes === true ? {} : { model: [path] }, metrics };
      } finally {
        running--;
      }
    },
  };
}

export interface RigRun extends RunOutcome {
  readonly events: readonly RunEvent[];
  /** "cell status" of every cell. */
  readonly statuses: readonly string[];
}

/** Runs a sketched plan in a folder. */
export async function runSketch(
  folder: string,
  plan: Plan,
  executor: Executor,
  options: Partial<RunOptions> = {},
): Promise<RigRun> {
  const events: RunEvent[] = [];
  const listener = (event: RunEvent) => void events.push(event);
  const outcome = await runPlan(plan, {
    store: new Store(join(folder, 'cache'), { onWarning: (message) => listener({ type: 'warning', message }) }),
    executor,
    runsDir: join(folder, 'runs'),
    facts: { lathe: '0.0.0', node: 'v20', onnxruntime: '1.0.0', cpuClass: 'test', gpu: 'none' },
    keyOf: (cell, inputs) => {
      const record = { options: cell.keyOptions, inputs, seed: cell.seed };
      return { key: digestOf(record), record };
    },
    jobs: 4,
    cores: 4,
    isForced: () => false,
    stop: new AbortController().signal,
    listener,
    ...options,
  });
  return { ...outcome, events, statuses: outcome.record.stages.map(({ cell, status }) => `${cell} ${status}`) };
}
