import { allocateBytes } from './allocate.js';

type GrowingArray = Float32Array<ArrayBufferLike> | Int32Array<ArrayBufferLike>;
type ArrayType<T> = new (buffer: ArrayBufferLike, offset?: number, length?: number) => T;

/** A typed array of 32-bit numbers that grows: amortized constant time per number. */
export class GrowingList<T extends GrowingArray> {
  private values: T;
  private length = 0;

  /** @param source what messages name when memory ends */
  constructor(
    private readonly type: ArrayType<T>,
    private readonly source: string,
  ) {
    this.values = new type(new ArrayBuffer(FIRST_BYTES));
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new this.type(allocateBytes(this.length * 8, this.source).buffer);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  /** The numbers, without the spare room behind them. */
  toArray(): T {
    return this.values.slice(0, this.length) as T;
  }
}

const FIRST_BYTES = 4096;
