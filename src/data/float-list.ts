import { allocateBytes } from './allocate.js';

/** A Float32Array that grows: amortized constant time per number. */
export class FloatList {
  private values: Float32Array = new Float32Array(1024);
  private length = 0;

  /** @param source what messages name when memory ends */
  constructor(private readonly source: string) {}

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float32Array(allocateBytes(this.length * 8, this.source).buffer);
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }

  /** The numbers, without the spare room behind them. */
  toArray(): Float32Array {
    return this.values.slice(0, this.length);
  }
}
