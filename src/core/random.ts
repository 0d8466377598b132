import { createHash } from 'node:crypto';
import { type xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/**
 * A seeded stream of numbers (xoroshiro128+), equal on every machine.
 * Streams for different purposes are derived by label, so that adding a consumer never shifts another's numbers.
 */
export class Random {
  readonly seed: string;
  private generator: ReturnType<typeof xoroshiro128plus>;
  private spareNormal: number | undefined;

  /** @param seed any text or number; equal seeds give equal streams */
  constructor(seed: string | number) {
    this.seed = String(seed);
    const digest = createHash('sha256').update(`lathe random\n${this.seed}`).digest();
    this.generator = xoroshiro128plusFromState([
      digest.readInt32LE(0) | 1,
      digest.readInt32LE(4),
      digest.readInt32LE(8),
      digest.readInt32LE(12),
    ]);
  }

  /** An independent stream that depends on this stream's seed and the label only, not on what was drawn. */
  derive(label: string | number): Random {
    return new Random(`${this.seed}/${label}`);
  }

  /** 32 random bits as an unsigned integer. */
  uint32(): number {
    return this.generator.next() >>> 0;
  }

  /** Uniform in [0, 1), with 53 bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** Uniform integer in [0, n), without bias, for 1 <= n <= 2^32. */
  int(n: number): number {
    const limit = 4294967296 - (4294967296 % n);
    for (;;) {
      const bits = this.uint32();
      if (bits < limit) return bits % n;
    }
  }

  /** Standard normal, by the Box-Muller transform. */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const value = this.spareNormal;
      this.spareNormal = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A random order of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }

  /** The position in the stream, for a checkpoint. */
  getState(): RandomState {
    return { seed: this.seed, words: [...this.generator.getState()], spareNormal: this.spareNormal ?? null };
  }

  /** A stream that goes on where `getState` was called. */
  static fromState(state: RandomState): Random {
    const random = new Random(state.seed);
    random.generator = xoroshiro128plusFromState(state.words);
    random.spareNormal = state.spareNormal ?? undefined;
    return random;
  }
}

export interface RandomState {
  readonly seed: string;
  readonly words: readonly number[];
  readonly spareNormal: number | null;
}
