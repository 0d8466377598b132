import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionRecord, KeyDetails } from '../artifacts/action-record.js';
import type { StageRecord } from '../artifacts/run-record.js';
import type { Store } from '../artifacts/store.js';
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { type CollectedMetrics, chosenSlot, labelOfSlot } from '../plan/collected.js';
import { Digests } from '../plan/digests.js';
import { OPTION_SLOT } from '../plan/option-slot.js';
import type { Cell } from '../plan/plan.js';
import { computeOnce } from './compute-once.js';
import type { Listener } from './events.js';
import { type Executor, RunCancelled } from './executor.js';
import type { CollectedJobModel, Job, JobModel } from './job.js';
import type { LiveModel } from './live-model.js';
import { stageBytes } from './memory-budget.js';
import { FOUND_REMOTELY, type RemoteTier } from './remote-tier.js';
import { requireProviders } from './require-providers.js';
import { withRetries } from './retries.js';
import type { Slots, Turn } from './slots.js';

/** A cell's key and what went into it. */
export interface CellKey {
  readonly key: string;
  readonly record: Json;
  /** What the digests in it stand for, for telling later what changed. */
  readonly details?: () => KeyDetails;
}

/** @param inputs slot to digest, @param metrics what the cell reads of those that it collects */
export type KeyOf = (cell: Cell, inputs: Readonly<Record<string, string>>, metrics?: CollectedMetrics) => CellKey;

/** With what a cell reads of those that it collects. */
export interface ReadyKey extends CellKey {
  readonly metrics?: CollectedMetrics;
}

export interface CellTools {
  readonly store: Store;
  readonly executor: Executor;
  readonly listener: Listener;
  readonly slots: Slots;
  readonly stop: AbortSignal;
  /** Bytes that a cell is expected to add to its process, see StagePreview; undefined where that is not known. */
  readonly memoryOf?: (cell: Cell) => number | undefined;
  /** Asked for what the local cache does not have. */
  readonly remote?: RemoteTier;
  /** Makes sure that a model can be used, see repair.ts. */
  readonly repair: (model: LiveModel) => Promise<void>;
  /** Why a cell has no result yet, in one line. */
  readonly whyMiss?: (cell: Cell, key: CellKey) => Promise<string>;
}

export interface CellResult {
  readonly status: 'ran' | 'cached';
  readonly why: string;
  readonly record: ActionRecord;
}

/** The verified result of a cell: from the cache, or computed and stored now. Throws why it could not be had. */
export async function ensureResult(
  cell: Cell,
  key: ReadyKey,
  inputs: ReadonlyMap<string, LiveModel>,
  tools: CellTools & {
    readonly isForced: boolean;
    readonly checks: 'content' | 'presence';
    readonly onFailure?: () => void;
    /** Takes back what was announced to the slots. */
    readonly announced?: () => void;
  },
): Promise<CellResult> {
  const { store, slots, stop, listener, isForced } = tools;
  const earlier = await store.lookup(key.key, tools.checks);
  if (earlier !== null && !isForced) return { status: 'cached', why: 'all inputs unchanged', record: earlier };
  const shared = isForced ? null : ((await tools.remote?.fetch(cell, key)) ?? null);
  if (shared !== null) return { status: 'cached', why: FOUND_REMOTELY, record: shared };
  const why = isForced ? 'forced' : ((await tools.whyMiss?.(cell, key)) ?? 'no result for this key');
  for (const model of inputs.values()) await tools.repair(model);
  const tell = (level: 'info' | 'warn', message: string) =>
    listener({ type: 'stage-log', cell: cell.id, level, message, details: {} });
  const memory = stageBytes(tools.memoryOf?.(cell));
  return computeOnce<CellResult>(key.key, {
    ...{ store, slots, stop, measures: measuresTime(cell), memory },
    ...(tools.announced && { announced: tools.announced }),
    onWait: () => tell('info', 'waits for another run, which computes the same'),
    async look() {
      const found = isForced ? null : await store.lookup(key.key);
      return found && { status: 'cached', why: 'computed by another run meanwhile', record: found };
    },
    async compute(turn) {
      listener({ type: 'stage-start', cell: cell.id, key: key.key, why });
      if (memory > slots.memory) tell('warn', tooLarge(memory, slots.memory));
      const attempt = () => compute(cell, key, inputs, { ...tools, turn });
      const onRetry = ({ problem }: UserError, next: number) =>
        tell('warn', `${problem} Attempt ${next} of ${cell.attempts}.`);
      const record = await withRetries(cell.attempts, attempt, onRetry).catch((error: unknown) => {
        // Told while the slot is still taken: the next one must not begin if this failure is to stop everything.
        if (!(error instanceof RunCancelled) && !stop.aborted) tools.onFailure?.();
        throw error;
      });
      tools.remote?.offer(cell, record);
      if (earlier !== null) warnIfDifferent(cell, earlier, record, listener);
      return { status: 'ran', why, record };
    },
  });
}

function tooLarge(bytes: number, budget: number): string {
  const mebibytes = (value: number) => `${Math.ceil(value / 2 ** 20)} MiB`;
  return `may take ${mebibytes(bytes)} of memory, of which stages have ${mebibytes(budget)} together (--memory): it runs with no other beside it`;
}

/** A stage that says how long something takes asks to be alone for that. */
export function measuresTime({ definition }: Cell): boolean {
  return Object.values(definition.metrics).some(({ unit }) => unit === 'ms');
}

async function compute(
  cell: Cell,
  key: ReadyKey,
  inputs: ReadonlyMap<string, LiveModel>,
  { store, executor, listener, turn, stop, isForced }: CellTools & { readonly isForced: boolean; readonly turn: Turn },
): Promise<ActionRecord> {
  await requireProviders([cell], executor);
  const staging = await store.makeStaging();
  try {
    const busyMs = () => performance.now() - turn.waitedMs;
    const startedAt = busyMs();
    const models = await materializeAll(inputs, store, staging);
    const before = await fingerprints(models);
    // Whoever forces a stage does not trust what was computed before.
    if (isForced) await store.removeCheckpoint(key.key);
    const checkpoint =
      cell.checkpoint === null ? null : { file: store.checkpointOf(key.key), interval: cell.checkpoint };
    const cores = Math.min(turn.cores, cell.runtime?.threads ?? turn.cores);
    const result = await executor.execute(
      jobOf(cell, models, { staging, cores, checkpoint, metrics: key.metrics ?? {} }),
      {
        signal: stop,
        timeoutMs: cell.timeoutMs,
        alone: (signal) => turn.alone(signal),
        onEvent: (event) =>
          listener({ ...event, type: `stage-${event.type}`, cell: cell.id } as Parameters<Listener>[0]),
      },
    );
    await refuseChangedInputs(cell, models, before);
    return await store.commit({
      key: key.key,
      keyRecord: key.record,
      ...(key.details === undefined ? {} : { details: key.details() }),
      ...result,
      durationMs: Math.round(busyMs() - startedAt),
      overrule: isForced,
    });
  } finally {
    await store.removeStaging(staging);
  }
}

function jobOf(
  cell: Cell,
  models: ReadonlyMap<string, JobModel>,
  { metrics, ...means }: Pick<Job, 'staging' | 'cores' | 'checkpoint'> & { readonly metrics: CollectedMetrics },
): Job {
  const inputs: Record<string, JobModel> = {};
  const named: Record<string, JobModel> = {};
  const collected: CollectedJobModel[] = [];
  for (const [slot, model] of models) {
    const label = labelOfSlot(slot);
    if (label !== null) {
      const { labels } = cell.collected![label]!;
      collected.push({ ...model, label, labels, metrics: metrics[label]! });
    } else if (slot.startsWith(OPTION_SLOT)) named[slot.slice(OPTION_SLOT.length)] = model;
    else inputs[slot] = model;
  }
  const uses = [...Object.values(cell.data), ...Object.values(cell.networks).filter((it) => it.kind === 'uses')];
  const plugins = new Map(
    [cell.plugin, ...uses.map((use) => use.plugin)].flatMap((it) =>
      it.kind === 'external' ? [[it.specifier, it.digest]] : [],
    ),
  );
  return {
    cell: cell.id,
    uses: cell.uses,
    plugin: cell.plugin.kind === 'external' ? cell.plugin.name : null,
    plugins: [...plugins].map(([file, digest]) => ({ file, digest })),
    options: cell.options,
    inputs,
    models: named,
    ...(collected.length === 0 ? {} : { collected }),
    data: cell.data,
    networks: cell.networks,
    seed: cell.seed,
    provider: cell.runtime?.provider ?? 'cpu',
    ...means,
  };
}

async function materializeAll(
  inputs: ReadonlyMap<string, LiveModel>,
  store: Store,
  staging: string,
): Promise<Map<string, JobModel>> {
  const models = new Map<string, JobModel>();
  for (const [slot, model] of inputs) {
    const folder = join(staging, 'inputs', slot.replace(':', '-'));
    const path = model.stored === null ? model.path : await store.materialize(model.stored, folder);
    // The plan read the user's file a while ago.
    if (model.stored === null && (await new Digests().model(path)) !== model.digest) {
      throw new UserError(
        'RUN_INPUT_CHANGED',
        `${path} was changed after the run started.`,
        'Run again when nothing writes to it.',
        { place: { kind: 'file', file: path }, class: 'infrastructure' },
      );
    }
    models.set(slot, { path, digest: model.digest });
  }
  return models;
}

async function fingerprints(models: ReadonlyMap<string, JobModel>): Promise<string[]> {
  return Promise.all(
    [...models.values()].map(async ({ path }) => {
      const info = await stat(path, { bigint: true });
      return `${info.size} ${info.mtimeNs}`;
    }),
  );
}

/** A stage that writes to what it was lent would change what others read under the same digest. */
async function refuseChangedInputs(
  cell: Cell,
  models: ReadonlyMap<string, JobModel>,
  before: readonly string[],
): Promise<void> {
  const after = await fingerprints(models);
  const slots = [...models.keys()].filter((_, index) => before[index] !== after[index]);
  if (slots.length === 0) return;
  throw new UserError(
    'RUN_INPUT_CHANGED',
    `The file of input "${slots.join('", "')}" was changed while stage ${cell.id} ran.`,
    'Inputs are read-only: a stage returns a new model instead. The damaged one will be computed again.',
    { class: 'stage' },
  );
}

function warnIfDifferent(cell: Cell, earlier: ActionRecord, now: ActionRecord, listener: Listener): void {
  const differing = Object.keys(now.outputs).filter(
    (slot) => earlier.outputs[slot]?.digest !== now.outputs[slot]?.digest,
  );
  if (differing.length === 0) return;
  listener({
    type: 'warning',
    message: `Stage ${cell.id} made another ${differing.join(', ')} than before from the same inputs: ${cell.uses} is not reproducible.`,
  });
}

/** The models that a cell hands on: those it made, and those of its inputs that it passes on or has chosen. */
export function outputsOf(
  cell: Cell,
  { record }: CellResult,
  inputs: ReadonlyMap<string, LiveModel>,
  store: Store,
): Map<string, LiveModel> {
  const outputs = new Map<string, LiveModel>();
  for (const [slot, spec] of Object.entries(cell.definition.outputs)) {
    if (spec === 'model') {
      const stored = record.outputs[slot];
      if (stored === undefined) throw new Error(`internal: the result of ${cell.id} lacks the output "${slot}"`);
      const path = store.pathOf(stored.files[0]!.digest);
      const origin = { stage: cell.id, key: record.key };
      outputs.set(slot, { digest: stored.digest, bytes: stored.bytes, path, stored, origin });
    } else {
      const passed = inputs.get('chosen' in spec ? (chosenSlot(record, slot) ?? '') : spec.same);
      if (passed !== undefined) outputs.set(slot, passed);
    }
  }
  return outputs;
}

export function outputRecords(outputs: ReadonlyMap<string, LiveModel>): StageRecord['outputs'] {
  return Object.fromEntries([...outputs].map(([slot, { digest, bytes, path }]) => [slot, { digest, bytes, path }]));
}
