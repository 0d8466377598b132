import type { Json } from '../core/canonical-json.js';
import type { ErrorClass } from '../core/errors.js';

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
