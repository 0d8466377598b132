import type { StagedFile } from '../artifacts/store.js';
import type { Json } from '../core/canonical-json.js';
import type { CheckpointInterval } from '../core/checkpoint.js';
import type { ResolvedNetwork, ResolvedUse } from '../plan/plan.js';
import type { Provider } from '../runtime/provider.js';

/** All that a child process needs to execute one cell. Plain JSON, since it travels between processes. */
export interface Job {
  readonly cell: string;
  readonly uses: string;
  /** The plugin that defines the stage, as the recipe names it; null if it is built in. */
  readonly plugin: string | null;
  /** Plugins that are not built in and that the cell needs. */
  readonly plugins: readonly PluginFile[];
  readonly options: Readonly<Record<string, Json>>;
  readonly inputs: Readonly<Record<string, JobModel>>;
  /** Models that options name, by that name. */
  readonly models: Readonly<Record<string, JobModel>>;
  /** Models of the cells that the stage collects, sorted by label; default none. */
  readonly collected?: readonly CollectedJobModel[];
  readonly data: Readonly<Record<string, ResolvedUse>>;
  readonly networks: Readonly<Record<string, ResolvedNetwork>>;
  readonly seed: string;
  readonly provider: Provider;
  readonly cores: number;
  /** An empty folder on the cache's file system; outputs are written there. */
  readonly staging: string;
  /** Where and how often the job keeps its place; null: never. */
  readonly checkpoint: { readonly file: string; readonly interval: CheckpointInterval } | null;
}

export interface PluginFile {
  /** Absolute path of the module to load. */
  readonly file: string;
  /** What is in the keys: if the code has another digest by the time it is loaded, it was edited meanwhile. */
  readonly digest: string;
}

export interface JobModel {
  readonly path: string;
  readonly digest: string;
}

export interface CollectedJobModel extends JobModel {
  readonly label: string;
  readonly labels: Readonly<Record<string, string | number | boolean>>;
  readonly metrics: Readonly<Record<string, Json>>;
}

/** What a job made. The files lie in its staging folder; the parent commits them. */
export interface JobResult {
  /** Slot to files, the model first, its external data after it. Outputs that pass an input on are not among them. */
  readonly outputs: Readonly<Record<string, readonly StagedFile[]>>;
  /** Outputs that are collected models → the labels of these. */
  readonly chosen?: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, Json>>;
}

/** What a job tells while it runs. */
export type JobEvent =
  | { readonly type: 'progress'; readonly fraction: number; readonly values: Readonly<Record<string, number>> }
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn';
      readonly message: string;
      readonly details: Readonly<Record<string, Json>>;
    };
