import type { Json } from '../core/canonical-json.js';
import type { CheckpointInterval } from '../core/checkpoint.js';
import type { Place } from '../core/errors.js';
import type { Path } from '../core/path.js';
import type { PluginIdentity } from '../plugin/identity.js';
import type { MetricSpec, StageDefinition } from '../plugin/stage.js';
import type { Labels } from '../recipe/labels.js';
import type { GateDeclaration, Recipe, RuntimeDeclaration } from '../recipe/recipe.js';
import type { Provider } from '../runtime/provider.js';
import type { Contents } from './contents.js';
import type { Tolerance } from './tolerance.js';

/** What a run does, in order. Nothing in it depends on the cache: hit or miss is found while running. */
export interface Plan {
  readonly recipe: Recipe;
  /** Topological order; the order of the recipe among independent ones. */
  readonly cells: readonly Cell[];
  readonly exports: readonly {
    readonly name: string;
    readonly cell: string;
    readonly slot: string;
    readonly to: string;
  }[];
  /** What the digests in the keys stand for, for telling what changed. */
  readonly contents: Contents;
}

/** One execution of a stage. */
export interface Cell {
  /** Stage id, with its labels where the stage has several; `baseline.measure` for the evaluation that `measure` adds. */
  readonly id: string;
  readonly stage: string;
  /** What tells it apart from the other cells of its stage. */
  readonly labels: Labels;
  readonly uses: string;
  readonly definition: StageDefinition;
  readonly plugin: PluginIdentity;
  /** After defaults; file and folder values absolute. */
  readonly options: Readonly<Record<string, Json>>;
  /** Options as they enter the key: references replaced by content digests, as `{ file: digest }`; a model's by `{ model: name }` until keyRecord knows it. */
  readonly keyOptions: Json;
  /** Where `keyOptions` holds models, and the names that the options have for them. */
  readonly modelOptions: readonly { readonly path: Path; readonly name: string }[];
  /**
   * Slot → where the model comes from; includes the models that options name, as slots `option:<name>`, and those of
   * collected cells, as slots `collected:<label>`.
   * A stage that passes its input on is looked through: the cell is the one that makes the model, or chooses it.
   */
  readonly inputs: Readonly<Record<string, Source>>;
  /** What it takes of the cells under `collect`, by their labels; null: it collects nothing. */
  readonly collected: Readonly<Record<string, CollectedCell>> | null;
  /** What it reports: what its stage declares, and of collected cells what its options name. */
  readonly metrics: Readonly<Record<string, MetricSpec>>;
  /** Cells that must have finished first: those of `inputs`, the stages that `from`, `needs`, `collect` and gates name. */
  readonly dependsOn: readonly string[];
  /** Declarations that the stage needs to open its data and networks, by the name that its options use. */
  readonly data: Readonly<Record<string, ResolvedUse>>;
  readonly networks: Readonly<Record<string, ResolvedNetwork>>;
  readonly seed: string;
  /** Values of the variables under env.hash; null for one that is not set. */
  readonly env: Readonly<Record<string, string | null>>;
  readonly gates: readonly Gate[];
  /** How far its metrics may be from the lockfile's where the bits may differ, if the recipe says so. */
  readonly tolerances: Readonly<Record<string, Tolerance>>;
  /** What computes it; null: its stage does not compute. */
  readonly runtime: RuntimeDeclaration | null;
  readonly timeoutMs: number | null;
  /** How often it may be tried where the machine is at fault. */
  readonly attempts: number;
  /** How often the stage keeps its place; null: never. */
  readonly checkpoint: CheckpointInterval | null;
  /** True for the cells that `measure` adds. */
  readonly isMeasure: boolean;
  readonly place: Place;
}

/** One of the cells that another collects. */
export interface CollectedCell {
  /** Its id. Its model may be one that it passes on. */
  readonly cell: string;
  readonly labels: Labels;
  /** Metrics that options name ("accuracy", "latencyMs.p50") → the cell that reports it, and its path there. */
  readonly metrics: Readonly<Record<string, { readonly cell: string; readonly path: readonly string[] }>>;
}

/** A limit on a metric that the cell reports. */
export interface Gate {
  readonly metric: string;
  readonly gate: GateDeclaration;
  /** The cell whose metric of the same name maxDrop and maxRise compare with. */
  readonly against: string | null;
  readonly place: Place;
}

/** What the cells compute with, sorted. */
export function providersOf({ cells }: Pick<Plan, 'cells'>): Provider[] {
  return [...new Set(cells.flatMap(({ runtime }) => runtime?.provider ?? []))].sort();
}

export type Source =
  | { readonly kind: 'cell'; readonly cell: string; readonly slot: string }
  | { readonly kind: 'file'; readonly file: string; readonly digest: string };

export type { PluginIdentity } from '../plugin/identity.js';

export interface ResolvedUse {
  readonly uses: string;
  readonly options: Readonly<Record<string, Json>>;
  readonly plugin: PluginIdentity;
  /** Digest of reader name, revision, options and file contents. */
  readonly digest: string;
}

export type ResolvedNetwork =
  | {
      readonly kind: 'layers';
      readonly layers: readonly Json[];
      readonly input: readonly number[] | null;
      readonly digest: string;
    }
  | { readonly kind: 'file'; readonly file: string; readonly digest: string }
  | (ResolvedUse & { readonly kind: 'uses' });
