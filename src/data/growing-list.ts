import { allocateBytes, requireMemory } from './allocate.js';

type GrowingArray = Float32Array<ArrayBufferLike> | Int32Array<ArrayBufferLike>;
type ArrayType<T> = new (buffer: ArrayBufferLike, offset?: number, length?: number) => T;

/** A list of 32-bit numbers that grows, in pieces: what is there already is copied once, at the end. */
export class GrowingList<T extends GrowingArray> {
  private readonly full: T[] = [];
  private last: T;
  private used = 0;
  private fullLength = 0;

  /** @param source what messages name when memory ends */
  constructor(
    private readonly type: ArrayType<T>,
    private readonly source: string,
  ) {
    this.last = new type(new ArrayBuffer(FIRST_BYTES));
  }

  push(value: number): void {
    if (this.used === this.last.length) this.addPiece();
    this.last[this.used++] = value;
  }

  /** The numbers as one array. The list is empty afterwards: no number needs to be in memory twice. */
  toArray(): T {
    const whole = this.arrayOf(this.fullLength + this.used);
    let position = whole.length - this.used;
    whole.set(this.last.subarray(0, this.used), position);
    this.last = this.arrayOf(0);
    this.used = 0;
    for (let piece = this.full.pop(); piece !== undefined; piece = this.full.pop()) {
      position -= piece.length;
      whole.set(piece, position);
    }
    this.fullLength = 0;
    return whole;
  }

  private addPiece(): void {
    this.full.push(this.last);
    this.fullLength += this.last.length;
    const length = Math.min(this.fullLength, PIECE_BYTES / 4);
    requireMemory((this.fullLength + length) * 4, this.source);
    this.last = this.arrayOf(length);
    this.used = 0;
  }

  private arrayOf(length: number): T {
    return new this.type(allocateBytes(length * 4, this.source).buffer);
  }
}

const FIRST_BYTES = 4096;
const PIECE_BYTES = 16 << 20;
