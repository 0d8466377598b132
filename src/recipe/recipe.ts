import type { Json } from '../core/canonical-json.js';
import type { CheckpointInterval } from '../core/checkpoint.js';
import type { Place } from '../core/errors.js';
import type { Provider } from '../runtime/provider.js';
import type { Labels } from './labels.js';

/** A checked recipe: parameters substituted, defaults of the document applied, options of plugins not yet judged. */
export interface Recipe {
  /** Absolute path of the file. */
  readonly file: string;
  /** SHA-256 of the file's text. */
  readonly digest: string;
  /** SHA-256 of what the text says, as written: comments, layout, the order of keys and --set change nothing. */
  readonly contentDigest: string;
  /** Absolute folder that relative paths refer to. */
  readonly folder: string;
  readonly name: string;
  readonly seed: number;
  /** As written: './local.ts' or a package name. */
  readonly plugins: readonly PluginReference[];
  readonly params: Readonly<Record<string, Json>>;
  readonly env: { readonly hash: readonly string[]; readonly pass: readonly string[] };
  readonly data: Readonly<Record<string, DataDeclaration>>;
  readonly networks: Readonly<Record<string, NetworkDeclaration>>;
  readonly models: Readonly<Record<string, ModelDeclaration>>;
  /** Every model-producing stage is evaluated on this data set for the final table, in a cell of its own. */
  readonly measure: MeasureDeclaration | null;
  /** Of stages that say nothing else, and of those that `measure` adds. */
  readonly runtime: RuntimeDeclaration;
  readonly stages: readonly StageDeclaration[];
  readonly exports: Readonly<Record<string, ExportDeclaration>>;
  /**
   * Where the value at a path of keys and indices stands in the file, e.g. ['stages', 0, 'with', 'epochs']; a missing path gives
   * its nearest ancestor. Of a cell with labels, a value that is a reference to its matrix stands there.
   */
  locate(path: readonly (string | number)[], target?: 'key' | 'value', labels?: Labels): Place;
}

export interface PluginReference {
  readonly specifier: string;
  readonly path: readonly (string | number)[];
}
export interface DataDeclaration {
  readonly uses: string;
  readonly with: Readonly<Record<string, Json>>;
}
export type NetworkDeclaration =
  | { readonly kind: 'layers'; readonly layers: readonly Json[]; readonly input: readonly number[] | null }
  /** `file` is an absolute path. */
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'uses'; readonly uses: string; readonly with: Readonly<Record<string, Json>> };
export interface ModelDeclaration {
  /** Absolute path. */
  readonly file: string;
  readonly sha256: string | null;
}
export interface MeasureDeclaration {
  readonly data: string;
}
/** What computes a stage. */
export interface RuntimeDeclaration {
  readonly provider: Provider;
  /** At most this many cores; null: all that the run has for a stage. */
  readonly threads: number | null;
}
export interface StageDeclaration {
  readonly id: string;
  readonly uses: string;
  /** null: the model of the stage above; a string: slot `model`; else slot → source. */
  readonly from: string | Readonly<Record<string, string>> | null;
  /** The stage whose cells it follows, one to one unless it has a matrix as well; null: none. */
  readonly each: string | null;
  /** The stage whose cells it takes all together; null: none. */
  readonly collect: string | null;
  readonly needs: readonly string[];
  /** One without labels, unless it has a matrix or follows a stage that has one. Never empty. */
  readonly cells: readonly CellDeclaration[];
  /** Metric → how far it may be from the lockfile's on another machine: a number, or a text such as 5% of the locked value. */
  readonly tolerance: Readonly<Record<string, number | string>>;
  /** With what the recipe says for all stages. */
  readonly runtime: RuntimeDeclaration;
  /** Whether the stage has a `runtime` of its own. */
  readonly hasRuntime: boolean;
  readonly timeoutMs: number | null;
  /** How often the stage may be tried where the machine is at fault, the first time included. */
  readonly attempts: number;
  /** How often the stage keeps its place, so that it goes on from there after it was killed; null: never. */
  readonly checkpoint: CheckpointInterval | null;
}
/** What may differ between the cells of a stage. */
export interface CellDeclaration {
  readonly labels: Labels;
  readonly with: Readonly<Record<string, Json>>;
  readonly expect: Readonly<Record<string, WrittenGate>>;
}
/** A gate as a recipe has it: a text such as 60k or 1% becomes a number once the metric's unit is known. */
export type WrittenGate = {
  readonly [limit in 'min' | 'max' | 'maxDrop' | 'maxRise']?: number | string;
} & { readonly from?: string };
/** Limits on one metric. `maxDrop` and `maxRise` compare with the same metric of the stage `from`. */
export interface GateDeclaration {
  readonly min?: number;
  readonly max?: number;
  readonly maxDrop?: number;
  readonly maxRise?: number;
  readonly from?: string;
}
export interface ExportDeclaration {
  readonly from: string;
  /** Absolute path. */
  readonly to: string;
}
