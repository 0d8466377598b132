import type { RunRecord, StageRecord } from '../artifacts/run-record.js';
import { makeRunFolder, newRunId, writeRunRecord } from '../artifacts/run-record-file.js';
import type { Store } from '../artifacts/store.js';
import type { UserError } from '../core/errors.js';
import { type Cell, type Plan, providersOf } from '../plan/plan.js';
import type { Listener } from './events.js';
import type { Executor } from './executor.js';
import { exportModel } from './exports.js';
import { errorRecordOf, type Failure, toError } from './failure.js';
import { hasResult, judgeGates } from './gates.js';
import type { RemoteTier } from './remote-tier.js';
import type { CellKey, CellTools, KeyOf } from './run-cell.js';
import { type CellEnd, type CellEnds, runCells } from './run-cells.js';
import type { RuntimeFacts } from './runtime-facts.js';
import { Slots } from './slots.js';

export interface RunOptions {
  readonly store: Store;
  readonly executor: Executor;
  /** For instance `.lathe/runs`. */
  readonly runsDir: string;
  readonly facts: RuntimeFacts;
  readonly keyOf: KeyOf;
  /** Asked for what the local cache does not have. */
  readonly remote?: RemoteTier;
  /** Why a cell has no result yet, in one line; default "no result for this key". */
  readonly whyMiss?: (cell: Cell, key: CellKey) => Promise<string>;
  /** How many stages may run at a time. */
  readonly jobs: number;
  /** CPU cores that the stages share. */
  readonly cores: number;
  /** Bytes that the stages that run at a time may hold together, as far as that is known of them; default no limit. */
  readonly memory?: number;
  /** What cells are expected to need, see CellTools. */
  readonly memoryOf?: NonNullable<CellTools['memoryOf']>;
  /** Whether a cell is computed even if the cache has its result. */
  readonly isForced: (cell: Cell) => boolean;
  /** Whether the first failure stops everything, and not only what depends on it. */
  readonly failFast?: boolean;
  /** Aborted: running stages are asked to stop, no further one starts. */
  readonly stop: AbortSignal;
  /** Has the last word before anything is exported, once every cell has a result and every gate has passed. */
  readonly review?: (stages: readonly StageRecord[]) => Promise<readonly UserError[]>;
  readonly listener: Listener;
}

export interface RunOutcome {
  readonly record: RunRecord;
  readonly folder: string;
  readonly failures: readonly Failure[];
}

/**
 * Gets the result of every cell, from the cache or by running it; judges the gates; writes the exports and the run
 * record. What fails is in the outcome: one cell's failure stops only what depends on it.
 * Throws only if the run's own folder cannot be written.
 */
export async function runPlan(plan: Plan, options: RunOptions): Promise<RunOutcome> {
  const startedAt = new Date();
  const id = newRunId(startedAt);
  const folder = await makeRunFolder(options.runsDir, id);
  const { listener, facts } = options;
  const cells = plan.cells.map(({ id, uses, dependsOn, isMeasure }) => ({ id, uses, dependsOn, isMeasure }));
  listener({ type: 'run-start', runId: id, folder, cells });

  const { ends, failures, repair } = await runCells(plan, {
    ...options,
    slots: new Slots(options.jobs, options.cores, options.memory),
  });
  const gates = judgeGates(plan, new Map([...ends].map(([cell, end]) => [cell, end.record])));
  const stages = [...ends].map(([cell, { record }]) => ({ ...record, gates: gates.get(cell) ?? [] }));
  const isComplete = stages.every(hasResult) && !isGateFailed(stages);
  const objections = isComplete ? ((await options.review?.(stages)) ?? []) : [];
  const objected = objections.map((error): Failure => ({ cell: null, error }));
  // A model that failed a check must not take the place of the last one that passed.
  const isRefused = isGateFailed(stages) || objected.length > 0;
  const exported = isRefused ? NOTHING : await writeExports(plan, ends, { ...options, repair });
  const allFailures = [...failures, ...objected, ...exported.failures];

  const record: RunRecord = {
    schema: 1,
    id,
    recipe: { file: plan.recipe.file, name: plan.recipe.name, digest: plan.recipe.digest },
    seed: plan.recipe.seed,
    status: statusOf(stages, allFailures),
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    runtime: recordedRuntime(facts, plan),
    stages,
    exports: exported.exports,
    errors: [...objected, ...exported.failures].map((failure) => errorRecordOf(failure.error)),
  };
  await writeRunRecord(folder, record);
  listener({ type: 'run-end', record });
  return { record, folder, failures: allFailures };
}

function recordedRuntime({ gpu, ...facts }: RuntimeFacts, plan: Plan): RunRecord['runtime'] {
  return providersOf(plan).some((provider) => provider !== 'cpu') ? { ...facts, gpu } : facts;
}

function statusOf(stages: readonly StageRecord[], failures: readonly Failure[]): RunRecord['status'] {
  if (stages.some((stage) => stage.status === 'cancelled')) return 'interrupted';
  if (failures.length > 0) return 'failed';
  return isGateFailed(stages) ? 'gate-failed' : 'succeeded';
}

function isGateFailed(stages: readonly StageRecord[]): boolean {
  return stages.some((stage) => stage.gates.some((gate) => !gate.passed));
}

interface Exports {
  readonly exports: RunRecord['exports'];
  readonly failures: readonly Failure[];
}

const NOTHING: Exports = { exports: [], failures: [] };

/** Writes the exports of the cells that have a result. */
async function writeExports(
  plan: Plan,
  ends: ReadonlyMap<string, CellEnd>,
  { facts, listener, repair }: RunOptions & Pick<CellEnds, 'repair'>,
): Promise<Exports> {
  const exports: RunRecord['exports'][number][] = [];
  const failures: Failure[] = [];
  for (const { name, cell, slot, to } of plan.exports) {
    const end = ends.get(cell);
    if (end === undefined || !hasResult(end.record)) continue;
    const model = end.outputs.get(slot);
    if (model === undefined) throw new Error(`internal: ${cell} has no output "${slot}" to export`);
    try {
      await repair(model);
      const { bytes, digest } = await exportModel(model, to, { recipe: plan.recipe.name, lathe: facts.lathe });
      exports.push({ name, from: cell, path: to, bytes, digest });
      listener({ type: 'export', name, path: to, bytes });
    } catch (thrown) {
      failures.push({ cell: null, error: toError(thrown) });
    }
  }
  return { exports, failures };
}
