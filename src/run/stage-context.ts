import { canonicalJson, type Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { Random } from '../core/random.js';
import type { Dataset } from '../data/dataset.js';
import { checkModel } from '../onnx/check.js';
import { readModel } from '../onnx/read.js';
import { buildResolvedNetwork } from '../plan/build-network.js';
import type { Logger, ModelInput, Progress, StageContext, StageDefinition } from '../plugin/stage.js';
import type { JobRegistries, JobSurroundings } from './child.js';
import type { Job, JobModel } from './job.js';
import { type JobCheckpoint, jobCheckpoint } from './job-checkpoint.js';

/** What a stage's `run` receives, the metrics that it will have reported, the labels that it will have chosen, and its checkpoint. */
export function makeStageContext(
  job: Job,
  definition: StageDefinition,
  registries: JobRegistries,
  io: JobSurroundings & { readonly scratch: string },
): {
  readonly context: StageContext<unknown>;
  readonly metrics: ReadonlyMap<string, Json>;
  readonly chosen: ReadonlyMap<string, string>;
  readonly checkpoint: JobCheckpoint;
} {
  const metrics = new Map<string, Json>();
  const chosen = new Map<string, string>();
  const opened = new Map<string, Promise<Dataset>>();
  const checkpoint = jobCheckpoint(job, { warn: logger(io).warn });
  const context: StageContext<unknown> = {
    options: job.options,
    inputs: mapValues(job.inputs, modelInput),
    model(name) {
      const model = job.models[name];
      if (model === undefined) throw notNamed(job, 'model', name, Object.keys(job.models));
      return modelInput(model);
    },
    collected: (job.collected ?? []).map((model) => ({
      ...modelInput(model),
      label: model.label,
      labels: model.labels,
      metrics: model.metrics,
    })),
    choose(output, { label }) {
      checkChoice(job, definition, output, label);
      chosen.set(output, label);
    },
    data(name) {
      let dataset = opened.get(name);
      if (dataset === undefined) {
        dataset = openDataset(job, registries, name, io.signal);
        opened.set(name, dataset);
      }
      return dataset;
    },
    async network(name, data, random) {
      const network = job.networks[name];
      if (network === undefined) throw notNamed(job, 'network', name, Object.keys(job.networks));
      return buildResolvedNetwork(network, registries, { data, random });
    },
    random: new Random(job.seed),
    signal: io.signal,
    provider: job.provider,
    cores: job.cores,
    log: logger(io),
    progress: throttled(io),
    metric(name, value) {
      checkMetric(job, definition, name, value);
      metrics.set(name, value);
    },
    async alone(work) {
      const end = await io.alone();
      try {
        return await work();
      } finally {
        end();
      }
    },
    scratch: io.scratch,
    checkpoint: {
      load: () => checkpoint.load(),
      due: (steps) => checkpoint.due(steps),
      save: (fetch) => checkpoint.save(fetch),
    },
  };
  return { context, metrics, chosen, checkpoint };
}

function modelInput(model: JobModel): ModelInput {
  return {
    path: model.path,
    digest: model.digest,
    async load() {
      const loaded = await readModel(model.path);
      checkModel(loaded);
      return loaded;
    },
  };
}

async function openDataset(job: Job, registries: JobRegistries, name: string, signal: AbortSignal): Promise<Dataset> {
  const use = job.data[name];
  if (use === undefined) throw notNamed(job, 'data set', name, Object.keys(job.data));
  const definition = registries.datasets.get(use.uses);
  if (definition === undefined) throw new Error(`internal: no data set reader "${use.uses}" in the child process`);
  return definition.open({ options: use.options, signal });
}

/** The stage asked for something that none of its options names: what it uses would not be in its key. */
function notNamed(job: Job, noun: string, name: string, known: readonly string[]): UserError {
  return new UserError(
    'RUN_UNDECLARED_USE',
    `Stage ${job.cell} asked for the ${noun} "${name}", which no option of it names.`,
    known.length === 0
      ? `Mark the option that holds the name with x-lathe in the schema of ${job.uses}.`
      : `Its options name: ${known.join(', ')}.`,
    { class: 'stage' },
  );
}

function logger({ onEvent }: JobSurroundings): Logger {
  const at =
    (level: 'debug' | 'info' | 'warn') =>
    (message: string, details: Record<string, Json> = {}) =>
      onEvent({ type: 'log', level, message, details });
  return { debug: at('debug'), info: at('info'), warn: at('warn') };
}

/** Passes on at most ten reports a second, and always the last one. */
function throttled({ onEvent }: JobSurroundings): (progress: Progress) => void {
  let last = Number.NEGATIVE_INFINITY;
  return ({ fraction, values = {} }) => {
    const now = performance.now();
    if (now - last < PROGRESS_INTERVAL_MS && fraction < 1) return;
    last = now;
    onEvent({ type: 'progress', fraction: Math.min(1, Math.max(0, fraction)), values: finiteOnly(values) });
  };
}

const PROGRESS_INTERVAL_MS = 100;

function finiteOnly(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}

function checkChoice(job: Job, definition: StageDefinition, output: string, label: string): void {
  const spec = definition.outputs[output];
  const isChoice = typeof spec === 'object' && 'chosen' in spec;
  if (isChoice && job.collected?.some((model) => model.label === label)) return;
  throw new UserError(
    'RUN_OUTPUTS',
    isChoice
      ? `Stage ${job.cell} chose a model that it does not collect.`
      : `Stage ${job.cell} chose its output "${output}", which ${job.uses} does not declare as chosen.`,
    isChoice ? 'Choose one of `collected`.' : `Declare outputs: { ${output}: { chosen: true } }.`,
    { class: 'stage' },
  );
}

function checkMetric(job: Job, definition: StageDefinition, name: string, value: Json): void {
  const isRead = Object.hasOwn(job.collected?.[0]?.metrics ?? {}, name);
  if (definition.metrics[name] === undefined && !isRead) {
    const known = Object.keys(definition.metrics);
    const match = nearest(name, known);
    throw new UserError(
      'RUN_METRIC',
      `Stage ${job.cell} reported a metric "${name}" that ${job.uses} does not declare.`,
      match === undefined ? `Declared: ${known.join(', ') || 'none'}.` : `Did you mean "${match}"?`,
      { class: 'stage' },
    );
  }
  let text: string;
  try {
    text = canonicalJson(value);
  } catch (cause) {
    throw new UserError(
      'RUN_METRIC',
      `Stage ${job.cell} reported ${String(value)} as its metric "${name}", which is no JSON value.`,
      'A loss that is NaN or infinite means that training diverged: lower the learning rate.',
      { class: 'stage', cause },
    );
  }
  if (text.length <= METRIC_LENGTH_MAX) return;
  throw new UserError(
    'RUN_METRIC',
    `Stage ${job.cell} reported ${Math.round(text.length / 1e6)} MB as its metric "${name}".`,
    'Metrics are kept in every record: report a summary.',
    { class: 'stage' },
  );
}

/** Twice the confusion matrix of a thousand classes. */
const METRIC_LENGTH_MAX = 8_000_000;

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
