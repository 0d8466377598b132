import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '../core/errors.js';
import { externalDataIn } from './external-data.js';
import type { Model } from './ir.js';
import { joined, push, pushField, type Segments, segments } from './proto/wire.js';
import { decodeModel } from './read.js';
import { standInBytes } from './stand-ins.js';

/**
 * The model in a .onnx file without what its large tensors hold: stand-ins take their place, see `withStandIns`. Reads the
 * graph and small tensors only, however large the file is; of external data, that they are there.
 * Throws what `decodeModel` throws, and what `fs` throws.
 */
export function readOutline(path: string): Model {
  const descriptor = openSync(path, 'r');
  const external = externalDataIn(dirname(path));
  try {
    const file = new Window(path, descriptor, fstatSync(descriptor).size);
    const bytes = joined(outlineOf(file, { start: 0, end: file.byteLength }, MODEL));
    return decodeModel(bytes, {
      name: path,
      externalData: (reference) => {
        if (reference.location !== LEFT_OUT) external.check(reference);
        // Of numbers that were left out, each had a byte at least, and has eight at most.
        else if (reference.byteLength > 8 * file.byteLength) throw file.cutOff();
        return standInBytes(reference.byteLength);
      },
    });
  } finally {
    external.close();
    closeSync(descriptor);
  }
}

/** What becomes of the length-delimited fields of a message; those that are not named are copied. */
type Treatment = Readonly<Record<number, { readonly inside: Treatment } | 'leave out'>>;

/** raw_data, and the values that some exporters write as numbers instead. */
const TENSOR: Treatment = {
  9: 'leave out',
  4: 'leave out',
  5: 'leave out',
  7: 'leave out',
  10: 'leave out',
  11: 'leave out',
};
const GRAPH: Treatment = { 5: { inside: TENSOR } };
const MODEL: Treatment = { 7: { inside: GRAPH } };

/** Tensors of fewer bytes are kept: shapes, axes and scales that the form of the graph depends on. */
const KEPT_BYTES = 1024;

/** As if the data lay in another file: data_location EXTERNAL, and an entry "location" that means nothing. */
const LEFT_OUT = '-';
const ELSEWHERE = Uint8Array.from([0x70, 1, 0x6a, 13, 0x0a, 8, ...Buffer.from(`location\x12\x01${LEFT_OUT}`)]);

interface Range {
  readonly start: number;
  readonly end: number;
}

function outlineOf(file: Window, { start, end }: Range, treatment: Treatment): Segments {
  const result = segments();
  let isCut = false;
  for (let at = start; at < end; ) {
    const tag = file.varint(at);
    const [field, type] = [Math.floor(tag.value / 8), tag.value % 8];
    const value = type === LENGTH_DELIMITED ? file.varint(tag.end) : undefined;
    const next = value === undefined ? file.skip(tag.end, type) : value.end + value.value;
    if (!(next > at && next <= end)) throw file.cutOff();
    const how = treatment[field];
    if (value === undefined || how === undefined || (how === 'leave out' && value.value < KEPT_BYTES)) {
      push(result, file.bytes(at, next));
    } else if (how === 'leave out') isCut = true;
    else pushField(result, field, outlineOf(file, { start: value.end, end: next }, how.inside));
    at = next;
  }
  if (isCut) push(result, ELSEWHERE);
  return result;
}

const LENGTH_DELIMITED = 2;

/** A file read at any place, a piece at a time. */
class Window {
  private piece = new Uint8Array(0);
  private start = 0;

  constructor(
    private readonly path: string,
    private readonly descriptor: number,
    readonly byteLength: number,
  ) {}

  bytes(start: number, end: number): Uint8Array {
    if (start < this.start || end > this.start + this.piece.byteLength) this.load(start, end);
    return this.piece.slice(start - this.start, end - this.start);
  }

  /** A number in base 128, low group first. */
  varint(at: number): { readonly value: number; readonly end: number } {
    let value = 0;
    for (let index = 0; index < 10 && at + index < this.byteLength; index++) {
      const [byte] = this.bytes(at + index, at + index + 1) as unknown as [number];
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return { value, end: at + index + 1 };
    }
    throw this.cutOff();
  }

  /** The end of a number of this wire type. */
  skip(at: number, type: number): number {
    if (type === 0) return this.varint(at).end;
    return at + (type === 1 ? 8 : type === 5 ? 4 : Number.NaN);
  }

  cutOff(): UserError {
    return new UserError(
      'ONNX_DECODE',
      `${this.path} is no ONNX model, or is cut off.`,
      'Check that the file is complete.',
    );
  }

  private load(start: number, end: number): void {
    this.piece = new Uint8Array(Math.max(PIECE_BYTES, end - start));
    this.start = start;
    let filled = 0;
    while (filled < this.piece.byteLength) {
      const count = readSync(this.descriptor, this.piece, filled, this.piece.byteLength - filled, start + filled);
      if (count === 0) break;
      filled += count;
    }
    this.piece = this.piece.subarray(0, filled);
    if (filled < end - start) throw this.cutOff();
  }
}

const PIECE_BYTES = 65536;
