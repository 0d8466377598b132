import { setMaxListeners } from 'node:events';
import type { StageRecord } from '../artifacts/run-record.js';
import { readCollected } from '../plan/collected.js';
import type { Cell, Plan, Source } from '../plan/plan.js';
import { remainingOf } from '../plan/remaining.js';
import { RunCancelled } from './executor.js';
import { errorRecordOf, type Failure, toError } from './failure.js';
import { hasResult } from './gates.js';
import type { LiveModel } from './live-model.js';
import { repairModel } from './repair.js';
import {
  type CellKey,
  type CellResult,
  type CellTools,
  ensureResult,
  type KeyOf,
  measuresTime,
  outputRecords,
  outputsOf,
} from './run-cell.js';

/** How a cell ended, and the models that it hands on. */
export interface CellEnd {
  readonly record: StageRecord;
  readonly outputs: ReadonlyMap<string, LiveModel>;
}

export interface CellEnds {
  readonly ends: ReadonlyMap<string, CellEnd>;
  readonly failures: readonly Failure[];
  readonly repair: CellTools['repair'];
}

export interface CellsOptions extends Omit<CellTools, 'repair'> {
  readonly keyOf: KeyOf;
  readonly isForced: (cell: Cell) => boolean;
  /** Whether the first cell that fails stops all others, and not only those that depend on it. */
  readonly failFast?: boolean;
}

/**
 * Brings every cell to an end, each as soon as those that it depends on have ended.
 * @returns the ends by cell id, what failed, and the means to verify a model before it is used
 */
export async function runCells(plan: Plan, options: CellsOptions): Promise<CellEnds> {
  const failures: Failure[] = [];
  const promises = new Map<string, Promise<CellEnd>>();
  /** Cells with equal keys compute once. */
  const underway = new Map<string, Promise<unknown>>();
  const redo = new Map<string, () => Promise<unknown>>();
  const repair = (model: LiveModel) => repairModel(model, options.store, redo);
  const open = { count: plan.cells.length };
  options.executor.expect?.(open.count);
  const halt = new AbortController();
  const { stop: interrupt } = options;
  const stop = AbortSignal.any([interrupt, halt.signal]);
  const context = { ...options, interrupt, stop, halt, underway, failures, redo, repair, open };
  // Every job that runs listens to it.
  setMaxListeners(0, stop);
  for (const cell of plan.cells) {
    const needed = new Map(cell.dependsOn.map((id) => [id, promises.get(id)!]));
    promises.set(cell.id, runWhenReady(cell, needed, context));
  }
  const ends = new Map<string, CellEnd>();
  for (const [id, promise] of promises) ends.set(id, await promise);
  options.executor.expect?.(0);
  return { ends, failures, repair };
}

interface Context extends CellsOptions {
  /** Aborted by whoever runs Lathe; `stop` is that or a failure that stops everything. */
  readonly interrupt: AbortSignal;
  readonly halt: AbortController;
  readonly repair: CellTools['repair'];
  readonly redo: Map<string, () => Promise<unknown>>;
  /** Cells that have not ended. */
  readonly open: { count: number };
  readonly underway: Map<string, Promise<unknown>>;
  readonly failures: Failure[];
}

async function runWhenReady(
  cell: Cell,
  needed: ReadonlyMap<string, Promise<CellEnd>>,
  context: Context,
): Promise<CellEnd> {
  const ends = new Map<string, CellEnd>();
  for (const [id, promise] of needed) ends.set(id, await promise);
  // Told before anything is looked up, so that the cells that become ready together share the cores.
  const announced = measuresTime(cell) ? undefined : context.slots.announce();
  const end = await runCell(cell, ends, { ...context, ...(announced && { announced }) });
  announced?.();
  context.executor.expect?.(--context.open.count);
  context.listener({ type: 'stage-end', cell: cell.id, record: end.record });
  return end;
}

async function runCell(
  planned: Cell,
  ends: ReadonlyMap<string, CellEnd>,
  context: Context & { readonly announced?: () => void },
): Promise<CellEnd> {
  const startedAt = performance.now();
  const missing = [...ends].flatMap(([id, { record }]) => (hasResult(record) ? [] : id));
  const { cell, lost, blocker: blocking } = remainingOf(planned, new Set(missing));
  const end = (facts: Partial<StageRecord> & Pick<StageRecord, 'status' | 'why'>): StageRecord => ({
    id: cell.stage,
    cell: cell.id,
    uses: cell.uses,
    provider: cell.runtime?.provider ?? null,
    key: null,
    durationMs: Math.round(performance.now() - startedAt),
    options: cell.options,
    inputs: {},
    outputs: {},
    metrics: {},
    gates: [],
    error: null,
    ...facts,
  });

  const blocker = blocking === undefined ? undefined : ends.get(blocking)!.record;
  const stopped = (facts: Partial<StageRecord> = {}): CellEnd => ({
    record: end({ ...facts, ...whyStopped(context) }),
    outputs: NONE,
  });
  const isCancelled = missing.some((id) => ends.get(id)!.record.status === 'cancelled');
  if (isCancelled || context.interrupt.aborted) return stopped();
  if (blocker !== undefined) {
    const why = `needs ${blocker.cell}, which ${blocker.status === 'failed' ? 'failed' : 'was skipped'}`;
    return { record: end({ status: 'skipped', why }), outputs: NONE };
  }
  if (context.halt.signal.aborted) return stopped();
  if (lost.length > 0) {
    const count = Object.keys(planned.collected!).length;
    const message = `Stage ${cell.id} goes without ${lost.length} of the ${count} cells that it collects, which have no result: ${lost.join(', ')}.`;
    context.listener({ type: 'warning', message });
  }

  const known: { key: string | null; inputs: Record<string, string> } = { key: null, inputs: {} };
  try {
    const inputs = new Map(Object.entries(cell.inputs).map(([slot, source]) => [slot, modelOf(source, ends)]));
    const digests = Object.fromEntries([...inputs].map(([slot, model]) => [slot, model.digest]));
    known.inputs = digests;
    const read = readCollected(cell, (id) => ends.get(id)?.record.metrics) ?? undefined;
    const key = context.keyOf(cell, digests, read);
    known.key = key.key;
    const ready = { ...key, ...(read && { metrics: read }) };
    const result = await onceAtATime(key, context, () =>
      ensureResult(cell, ready, inputs, {
        ...context,
        isForced: context.isForced(cell),
        checks: 'presence',
        onFailure: () => haltAfter(cell, context),
      }),
    );
    context.redo.set(cell.id, () =>
      onceAtATime(key, context, () =>
        ensureResult(cell, ready, inputs, { ...context, isForced: false, checks: 'content' }),
      ),
    );
    const outputs = outputsOf(cell, result, inputs, context.store);
    const { status, why } = result;
    const { metrics } = result.record;
    // The time that it took, not the time that it waited for its turn.
    const took = status === 'ran' ? { durationMs: result.record.durationMs } : {};
    return { record: end({ ...known, ...took, status, why, metrics, outputs: outputRecords(outputs) }), outputs };
  } catch (thrown) {
    if (thrown instanceof RunCancelled || context.interrupt.aborted) return stopped(known);
    const error = toError(thrown, cell.place);
    context.failures.push({ cell: cell.id, error });
    haltAfter(cell, context);
    return { record: end({ ...known, status: 'failed', why: 'failed', error: errorRecordOf(error) }), outputs: NONE };
  }
}

/** A failure that stops all cells. */
class Halt extends RunCancelled {
  constructor(readonly cell: string) {
    super();
  }
}

function whyStopped({ interrupt, halt }: Context): Pick<StageRecord, 'status' | 'why'> {
  if (interrupt.aborted || !halt.signal.aborted) return { status: 'cancelled', why: 'interrupted' };
  return { status: 'skipped', why: `stopped because ${(halt.signal.reason as Halt).cell} failed` };
}

/** The first failure counts. */
function haltAfter({ id }: Cell, { failFast, halt }: Context): void {
  if (failFast === true) halt.abort(new Halt(id));
}

const NONE: ReadonlyMap<string, LiveModel> = new Map();

function modelOf(source: Source, ends: ReadonlyMap<string, CellEnd>): LiveModel {
  if (source.kind === 'file') {
    return { digest: source.digest, bytes: 0, path: source.file, stored: null, origin: null };
  }
  const model = ends.get(source.cell)?.outputs.get(source.slot);
  if (model === undefined) throw new Error(`internal: ${source.cell} has no output "${source.slot}"`);
  return model;
}

/** Two cells with one key: the second waits, and then finds the first one's result. */
async function onceAtATime(
  { key }: CellKey,
  { underway }: Context,
  work: () => Promise<CellResult>,
): Promise<CellResult> {
  while (underway.has(key)) await underway.get(key);
  const running = work();
  const settled = running.then(
    () => underway.delete(key),
    () => underway.delete(key),
  );
  underway.set(key, settled);
  return running;
}
