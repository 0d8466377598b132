import type { Json } from '../core/canonical-json.js';
import type { Checkpoint } from '../core/checkpoint.js';
import type { Random } from '../core/random.js';
import type { OptionsOf, OptionsSchema } from '../core/schema.js';
import type { Dataset } from '../data/dataset.js';
import type { Model } from '../onnx/ir.js';
import type { Provider } from '../runtime/provider.js';
import type { PreviewContext, StagePreview } from './preview.js';

/** A model that a stage receives. */
export interface ModelInput {
  /** Read-only file; external data, if any, lies beside it. */
  readonly path: string;
  /** SHA-256 of the content. */
  readonly digest: string;
  /** Reads and parses it; every call gives a model of its own. */
  load(): Promise<Model>;
}

export type InputSpec = 'model' | { readonly type: 'model'; readonly optional: true };
/**
 * `{ same: slot }`: the stage passes that input on unchanged (evaluate does).
 * `{ chosen: true }`: it passes one of the collected models on, the one that it gives to `choose` (select does).
 */
export type OutputSpec = 'model' | { readonly same: string } | { readonly chosen: true };

/** The model of a cell that the recipe names under `collect`. */
export interface CollectedModel extends ModelInput {
  /** What tells the cell from the others: "bits=8,keep=0.1". */
  readonly label: string;
  readonly labels: Readonly<Record<string, string | number | boolean>>;
  /** Metrics that options marked `x-lathe: metric` name; null where the cell does not report one. */
  readonly metrics: Readonly<Record<string, Json>>;
}

export interface MetricSpec {
  /** 'ratio', 'ms', 'bytes', 'count', 'nats'; '' for structured values, and for a number without a unit, which then has `better`. */
  readonly unit: string;
  readonly better?: 'higher' | 'lower';
  /** Names of the numbers that it consists of, for instance ['p50', 'p95']; recipes name one as "latencyMs.p50". Default: it is no such mapping. */
  readonly parts?: readonly string[];
  /** True for what differs between two runs that make the same bits, for instance speed; what has the unit 'ms' does in any case. */
  readonly varies?: true;
}

export interface Logger {
  debug(message: string, details?: Record<string, Json>): void;
  info(message: string, details?: Record<string, Json>): void;
  warn(message: string, details?: Record<string, Json>): void;
}

/** Where a long stage is. */
export interface Progress {
  /** 0..1 of the stage. */
  readonly fraction: number;
  /** Shown beside the stage, for instance { epoch: 2, loss: 0.31, accuracy: 0.89, imagesPerS: 7000 }. */
  readonly values?: Readonly<Record<string, number>>;
}

export interface StageContext<Options, Slots extends string = string> {
  /** After defaults. `x-lathe: file`/`folder` values are absolute paths; `dataset`, `network` and `model` ones are names to pass to the methods below. */
  readonly options: Options;
  readonly inputs: { readonly [slot in Slots]: ModelInput };
  /** The model that an option marked `x-lathe: model` names. */
  model(name: string): ModelInput;
  /** The models that `collect` brings, sorted by label; empty unless the stage `collects`. */
  readonly collected: readonly CollectedModel[];
  /** Makes a collected model the output that is declared as `{ chosen: true }`. */
  choose(output: string, model: CollectedModel): void;
  /** Opens the data set that an option names; opened once per stage. */
  data(name: string): Promise<Dataset>;
  /** Builds the network that an option names, with fresh weights; input shape and outputs from the data set where the recipe is silent. */
  network(name: string, data: Dataset, random: Random): Promise<Model>;
  /** Equal seeds give equal models: the only permitted source of randomness. */
  readonly random: Random;
  /** Aborted on Ctrl-C and timeout: save a checkpoint, and stop soon. */
  readonly signal: AbortSignal;
  /** What the recipe's `runtime` says that this stage computes with: for its sessions and trainings. */
  readonly provider: Provider;
  /** CPU cores granted to this stage. */
  readonly cores: number;
  readonly log: Logger;
  progress(progress: Progress): void;
  /** Reports a metric that the definition declares, or one that it reads of collected models; NaN and Infinity are refused. */
  metric(name: string, value: Json): void;
  /**
   * Runs work while no other stage of the run does: for measuring time. It waits for that, perhaps for long; so do first what
   * does not need it. Declare a metric with the unit 'ms': then the stage comes after those that measure nothing.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** An empty folder of this stage's own, removed afterwards. */
  readonly scratch: string;
  /**
   * The stage's place, kept under its cache key: a stage that was killed, ran into its timeout or was interrupted finds
   * here what it saved last, and it is removed once the stage has succeeded. What goes on from a checkpoint must end
   * with the bytes that an undisturbed run gives.
   */
  readonly checkpoint: Checkpoint;
}

export interface PlanContext<Options> {
  readonly options: Options;
  /** Slots that are connected. */
  readonly inputs: readonly string[];
}

export interface StageDefinition<Options = unknown> {
  readonly name: string;
  /** Part of the cache key: raise it when equal inputs may give other bytes. */
  readonly revision: number;
  readonly summary: string;
  readonly options: OptionsSchema;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly outputs: Readonly<Record<string, OutputSpec>>;
  readonly metrics: Readonly<Record<string, MetricSpec>>;
  /** True if it takes the cells of a stage together, those that the recipe names under `collect`. */
  readonly collects?: true;
  /** True if the bytes depend on onnxruntime and the CPU: they join the key then. */
  readonly computes: boolean;
  /** Static check of the options against each other; throws UserError. No files, no training. */
  check?(context: PlanContext<Options>): void;
  /**
   * What the stage will make of its inputs, found out without computing it; throws UserError where it cannot work. Called
   * before anything runs, only where the cache has no result. Without it, nothing is known of the outputs.
   */
  plan?(context: PreviewContext<Options>): StagePreview | Promise<StagePreview>;
  /** Returns one model per declared output (those with `same` or `chosen` aside); {} if there is none. */
  run(context: StageContext<Options>): Promise<Readonly<Record<string, Model>>>;
}

const BRAND = Symbol.for('onnx-lathe.Stage');

/** A stage whose option types follow from its schema. */
export function defineStage<const S extends OptionsSchema>(
  definition: Omit<StageDefinition<OptionsOf<S>>, 'options'> & { readonly options: S },
): StageDefinition {
  return Object.assign({ [BRAND]: true }, definition) as unknown as StageDefinition;
}

/** True for what any copy of `defineStage` returned. */
export function isStageDefinition(value: unknown): value is StageDefinition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}
