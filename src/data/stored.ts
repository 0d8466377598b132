import type { DiskRows } from './disk-rows.js';
import type { NumericArray } from './numeric-array.js';

/** What a reader has read: samples in the form of the file, one after another, with their labels. */
export interface Stored {
  /** The file or folder, for messages. */
  readonly source: string;
  readonly count: number;
  /** Shape of one sample, channels first: [C, H, W], or [F]. */
  readonly shape: readonly number[];
  /** count × product(shape) numbers, or where they can be read. */
  readonly values: NumericArray | DiskRows;
  /** Class targets: Int32Array [count]; value targets: Float32Array, count × product(target shape). */
  readonly labels: Int32Array | Float32Array;
}
