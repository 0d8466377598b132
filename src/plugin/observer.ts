import type { Json } from '../core/canonical-json.js';

/** A run that is about to begin. */
export interface ObservedPlan {
  readonly runId: string;
  /** Absolute path. */
  readonly recipe: string;
  /** In the order in which they are brought to an end where nothing runs in parallel. */
  readonly cells: readonly { readonly id: string; readonly uses: string; readonly dependsOn: readonly string[] }[];
}

/** A cell whose result is not cached. */
export interface ObservedStart {
  readonly runId: string;
  readonly cell: string;
  readonly uses: string;
  readonly key: string;
  /** Why it has no result yet. */
  readonly why: string;
}

/** A cell that has come to an end, computed or not. */
export interface ObservedEnd {
  readonly runId: string;
  readonly cell: string;
  readonly uses: string;
  readonly status: 'ran' | 'cached' | 'failed' | 'skipped' | 'cancelled';
  readonly key: string | null;
  readonly why: string;
  readonly durationMs: number;
  readonly metrics: Readonly<Record<string, Json>>;
  /** Slot to model; `path` is read-only. */
  readonly outputs: Readonly<
    Record<string, { readonly digest: string; readonly bytes: number; readonly path: string }>
  >;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A limit on a metric, once it was judged. */
export interface ObservedGate {
  readonly metric: string;
  readonly op: 'min' | 'max' | 'maxDrop' | 'maxRise';
  readonly limit: number;
  readonly actual: number | null;
  readonly passed: boolean;
}

/** A run that is over, as its record in the runs folder tells: schemas/run.schema.json. */
export interface ObservedRun {
  readonly id: string;
  readonly status: 'succeeded' | 'failed' | 'gate-failed' | 'interrupted';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly recipe: { readonly file: string; readonly name: string };
  readonly stages: readonly (Omit<ObservedEnd, 'runId'> & { readonly gates: readonly ObservedGate[] })[];
  readonly exports: readonly { readonly name: string; readonly from: string; readonly path: string }[];
}

/**
 * Something that watches runs. It is told copies, after the fact and in order, and cannot change a key or a result. The run
 * waits for it at the end only, and not for long; if it throws, it is told nothing more.
 */
export interface ObserverDefinition {
  readonly name: string;
  onPlan?(plan: ObservedPlan): unknown;
  onStageStart?(start: ObservedStart): unknown;
  onStageEnd?(end: ObservedEnd): unknown;
  onRunEnd?(run: ObservedRun): unknown;
}

export const OBSERVED_EVENTS = ['onPlan', 'onStageStart', 'onStageEnd', 'onRunEnd'] as const;

const BRAND = Symbol.for('onnx-lathe.Observer');

export function defineObserver(definition: ObserverDefinition): ObserverDefinition {
  return Object.assign({ [BRAND]: true }, definition);
}

/** True for what any copy of `defineObserver` returned. */
export function isObserverDefinition(value: unknown): value is ObserverDefinition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** What is wrong with an observer that a plugin exports, in words that follow "malformed:". */
export function observerFaults(observer: ObserverDefinition): string[] {
  const { name } = observer as { readonly name: unknown };
  const what = typeof name === 'string' && name !== '' ? `observer "${name}"` : 'an observer';
  const faults = typeof name === 'string' && name !== '' ? [] : [`${what} has no name`];
  const given = Object.keys(observer).filter((key) => key !== 'name');
  const known: readonly string[] = OBSERVED_EVENTS;
  for (const key of given) {
    if (!known.includes(key)) faults.push(`${what} has "${key}"; what it can watch is ${known.join(', ')}`);
    else if (typeof (observer as unknown as Record<string, unknown>)[key] !== 'function') {
      faults.push(`${key} of ${what} is no function`);
    }
  }
  if (given.length === 0) faults.push(`${what} watches nothing: ${known.join(', ')}`);
  return faults;
}
