import type { Json } from '../core/canonical-json.js';
import type { ErrorClass } from '../core/errors.js';
import {
  atLeastZero,
  digest,
  either,
  entries,
  exactly,
  instant,
  json,
  listOf,
  mappingOf,
  nothing,
  numeric,
  text,
  truth,
  whole,
} from '../core/shape.js';

export type StageStatus = 'ran' | 'cached' | 'failed' | 'skipped' | 'cancelled';

export interface OutputRecord {
  /** SHA-256 of the content. */
  readonly digest: string;
  readonly bytes: number;
  /** Absolute path in the cache, read-only. */
  readonly path: string;
}

export interface GateRecord {
  readonly metric: string;
  readonly op: 'min' | 'max' | 'maxDrop' | 'maxRise';
  readonly limit: number;
  readonly actual: number | null;
  readonly passed: boolean;
}

export interface ErrorRecord {
  readonly code: string;
  readonly class: ErrorClass;
  readonly message: string;
  readonly fix: string;
  /** "file:line:column" or the place in the graph; null if none is known. */
  readonly place: string | null;
  readonly stack: string | null;
}

export interface StageRecord {
  /** Stage id. */
  readonly id: string;
  /** Cell id; equals `id` unless the stage has several cells. */
  readonly cell: string;
  readonly uses: string;
  /** onnxruntime's execution provider; null if the stage does not compute. */
  readonly provider: string | null;
  readonly status: StageStatus;
  /** Null if the stage never got as far as having one. */
  readonly key: string | null;
  /** "all inputs unchanged", "no result for this key", "forced" … */
  readonly why: string;
  /** How long it took to compute, or, of what was not computed, to find that out. */
  readonly durationMs: number;
  /** After defaults; files and folders as absolute paths. */
  readonly options: Readonly<Record<string, Json>>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, OutputRecord>>;
  readonly metrics: Readonly<Record<string, Json>>;
  readonly gates: readonly GateRecord[];
  readonly error: ErrorRecord | null;
}

export interface RunRecord {
  readonly schema: 1;
  readonly id: string;
  readonly recipe: { readonly file: string; readonly name: string; readonly digest: string };
  readonly seed: number;
  readonly status: 'succeeded' | 'failed' | 'gate-failed' | 'interrupted';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly runtime: {
    readonly lathe: string;
    readonly node: string;
    readonly onnxruntime: string;
    readonly cpuClass: string;
    /** Only if a stage computes on a GPU. */
    readonly gpu?: string;
  };
  readonly stages: readonly StageRecord[];
  readonly exports: readonly {
    readonly name: string;
    readonly from: string;
    readonly path: string;
    readonly bytes: number;
    readonly digest: string;
  }[];
  /** What failed outside any stage, for instance an export. */
  readonly errors: readonly ErrorRecord[];
}

const isError = entries({
  ...{ code: text(), class: text(), message: text(), fix: text() },
  ...{ place: either(text(), nothing), stack: either(text(), nothing) },
});

const isGate = entries({
  metric: text(),
  op: exactly('min', 'max', 'maxDrop', 'maxRise'),
  limit: numeric,
  actual: either(numeric, nothing),
  passed: truth,
});

const isStage = entries({
  ...{ id: text(), cell: text(), uses: text(), provider: either(text(), nothing), why: text() },
  status: exactly('ran', 'cached', 'failed', 'skipped', 'cancelled'),
  key: either(digest, nothing),
  durationMs: atLeastZero,
  options: mappingOf(json),
  inputs: mappingOf(digest),
  outputs: mappingOf(entries({ digest, bytes: whole, path: text() })),
  metrics: mappingOf(json),
  gates: listOf(isGate),
  error: either(isError, nothing),
});

/** Whether a value out of a file is a record of this version's form, which schemas/run.schema.json describes. */
export const isRunRecord = entries({
  schema: exactly(1),
  id: text(),
  recipe: entries({ file: text(), name: text(), digest }),
  seed: whole,
  status: exactly('succeeded', 'failed', 'gate-failed', 'interrupted'),
  startedAt: instant,
  finishedAt: instant,
  runtime: entries({ lathe: text(), node: text(), onnxruntime: text(), cpuClass: text() }, { gpu: text() }),
  stages: listOf(isStage),
  exports: listOf(entries({ name: text(), from: text(), path: text(), bytes: whole, digest })),
  errors: listOf(isError),
});
