import type { OptionsOf, OptionsSchema } from '../core/schema.js';

/** What a sample's label is. */
export type Target =
  | { readonly kind: 'class'; readonly classes: number; readonly names?: readonly string[] }
  /** Numbers to regress, `shape` per sample. */
  | { readonly kind: 'value'; readonly shape: readonly number[] };

/** One split of a data set. Samples stay in their stored form (for instance uint8); `read` makes float32 batches. */
export interface Samples {
  readonly count: number;
  /**
   * Writes the samples `indices`, normalized, one after another into `x`, and their labels into `y`.
   * @param indices positions in 0..count-1, any order, repeats allowed
   * @param x at least indices.length × product(inputShape) float32
   * @param y class targets: Int32Array, one class index a sample; value targets: Float32Array, product(shape) a sample
   */
  read(indices: ArrayLike<number>, x: Float32Array, y: Int32Array | Float32Array): void | Promise<void>;
}

/** A labelled data set in up to three splits. */
export interface Dataset {
  /** Shape of one sample without the batch dimension, for images [C, H, W]. */
  readonly inputShape: readonly number[];
  readonly target: Target;
  readonly train: Samples;
  readonly validation: Samples | null;
  readonly test: Samples | null;
  /**
   * What `read` does to stored values, per channel (the first dimension of a sample): input = (stored - mean) / std.
   * Who deploys the model must do the same.
   */
  readonly normalization?: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

export interface OpenContext<Options> {
  /** After defaults; values marked `x-lathe: file` or `folder` are absolute paths. */
  readonly options: Options;
  readonly signal: AbortSignal;
}

/** A reader of one format. */
export interface DatasetDefinition<Options = unknown> {
  readonly name: string;
  /** Part of the cache key: raise it when the same files may give other samples. */
  readonly revision: number;
  readonly summary: string;
  readonly options: OptionsSchema;
  /** Checks everything that can be checked (files, magic numbers, shapes, label range) and returns the data set. */
  open(context: OpenContext<Options>): Promise<Dataset>;
}

const BRAND = Symbol.for('onnx-lathe.Dataset');

/** A reader whose options type follows from its schema. */
export function defineDataset<const S extends OptionsSchema>(
  definition: Omit<DatasetDefinition<OptionsOf<S>>, 'options'> & { readonly options: S },
): DatasetDefinition {
  return Object.assign({ [BRAND]: true }, definition) as unknown as DatasetDefinition;
}

/** True for what any copy of `defineDataset` returned. */
export function isDatasetDefinition(value: unknown): value is DatasetDefinition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}
