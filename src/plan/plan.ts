import type { Json } from '../core/canonical-json.js';
import type { Place } from '../core/errors.js';
import type { StageDefinition } from '../plugin/stage.js';
import type { GateDeclaration, Recipe } from '../recipe/recipe.js';

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
}

/** One execution of a stage. */
export interface Cell {
  /** Stage id; `baseline.measure` for the evaluation that `measure` adds behind a stage. */
  readonly id: string;
  readonly stage: string;
  readonly uses: string;
  readonly definition: StageDefinition;
  readonly plugin: PluginIdentity;
  /** After defaults; file and folder values absolute. */
  readonly options: Readonly<Record<string, Json>>;
  /** Options as they enter the key: references replaced by content digests, see keyRecord; model references by `{ model: name }`. */
  readonly keyOptions: Json;
  /** Slot → where the model comes from; includes the models that options name, as slots `option:<name>`. */
  readonly inputs: Readonly<Record<string, Source>>;
  /** Cells that must have finished first: those of `inputs`, plus `needs`. */
  readonly dependsOn: readonly string[];
  /** Declarations that the stage needs to open its data and networks, by the name that its options use. */
  readonly data: Readonly<Record<string, ResolvedUse>>;
  readonly networks: Readonly<Record<string, ResolvedNetwork>>;
  readonly seed: string;
  readonly gates: readonly { readonly metric: string; readonly gate: GateDeclaration; readonly place: Place }[];
  readonly timeoutMs: number | null;
  /** True for the cells that `measure` adds. */
  readonly isMeasure: boolean;
  readonly place: Place;
}

export type Source =
  | { readonly kind: 'cell'; readonly cell: string; readonly slot: string }
  | { readonly kind: 'file'; readonly file: string; readonly digest: string };

/** Who provides a definition, for loading it in a child process and for the key. */
export type PluginIdentity =
  | { readonly kind: 'built-in' }
  /** `specifier` is an absolute path or a package name; digest covers the code and what it imports. */
  | { readonly kind: 'external'; readonly specifier: string; readonly digest: string };

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
