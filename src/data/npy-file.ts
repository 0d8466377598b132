import { UserError } from '../core/errors.js';
import { sizeOf } from '../onnx/tensor.js';
import { allocateBytes } from './allocate.js';
import type { ByteReader } from './byte-reader.js';
import { beginning } from './looks-like.js';
import type { NumericArray } from './numeric-array.js';

const MAGIC = '\x93NUMPY';
const MAX_HEADER_BYTES = 1 << 16;
/** Elements converted at a time, where the stored type is not the file's. */
const CONVERTED_AT_ONCE = 1 << 15;

/** An array in row-major order. 64-bit types are narrowed: float64 to float32, int64 and uint64 to int32. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: NumericArray;
}

type ArrayType = new (buffer: ArrayBufferLike) => NumericArray;
const SAME_TYPE: Readonly<Record<string, ArrayType>> = {
  '|b1': Uint8Array,
  '|u1': Uint8Array,
  '|i1': Int8Array,
  '<u2': Uint16Array,
  '<i2': Int16Array,
  '<u4': Uint32Array,
  '<i4': Int32Array,
  '<f4': Float32Array,
};
type WideType = new (buffer: ArrayBufferLike) => Float64Array | BigInt64Array | BigUint64Array;
const NARROWED: Readonly<Record<string, WideType>> = {
  '<f8': Float64Array,
  '<i8': BigInt64Array,
  '<u8': BigUint64Array,
};

/**
 * The array in a .npy file (format versions 1 to 3).
 * Throws DATA_MAGIC, DATA_CORRUPT for a bad header, DATA_TYPE for an element type or order that is not read,
 * DATA_NUMBER for NaN, infinities and integers beyond 32 bits, and what ByteReader throws.
 */
export async function readNpy(reader: ByteReader): Promise<NpyArray> {
  const { path } = reader;
  const head = await reader.peek(64);
  if (!Buffer.from(head).toString('latin1').startsWith(MAGIC)) {
    throw new UserError(
      'DATA_MAGIC',
      `${path} is not a NumPy array: ${beginning(head, 6)}.`,
      'A .npy file begins with 0x934e554d5059; write one with numpy.save.',
    );
  }
  const { type, shape } = parseHeader(path, await headerText(reader));
  const count = sizeOf(shape);
  const wide = NARROWED[type];
  reader.expectRoomFor(count * Number(type.slice(2)));
  const values =
    wide === undefined ? await readSame(reader, SAME_TYPE[type]!, count) : await readNarrowed(reader, wide, count);
  await reader.expectEnd();
  checkFinite(path, values, shape);
  return { shape, values };
}

async function headerText(reader: ByteReader): Promise<string> {
  const version = (await reader.take(8))[6]!;
  const length = Buffer.from(await reader.take(version === 1 ? 2 : 4));
  const size = version === 1 ? length.readUInt16LE() : length.readUInt32LE();
  if (version < 1 || version > 3 || size > MAX_HEADER_BYTES) {
    throw new UserError(
      'DATA_CORRUPT',
      `${reader.path} has a damaged NumPy header.`,
      'Write it again with numpy.save.',
    );
  }
  return Buffer.from(await reader.take(size)).toString('utf8');
}

/** The header is a Python dictionary, always written by numpy in this form. */
function parseHeader(path: string, text: string): { type: string; shape: number[] } {
  const type = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const dims = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (order === undefined || dims === undefined) {
    throw new UserError('DATA_CORRUPT', `${path} has a damaged NumPy header.`, 'Write it again with numpy.save.');
  }
  const shape = dims
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map(Number);
  if (type === undefined || !(type in SAME_TYPE || type in NARROWED)) {
    throw new UserError(
      'DATA_TYPE',
      `${path} holds elements of the NumPy type ${type === undefined ? 'of a record' : `"${type}"`}.`,
      'Convert it first, for instance with x.astype(numpy.float32) or numpy.uint8.',
    );
  }
  if (order === 'True' && shape.length > 1) {
    throw new UserError(
      'DATA_TYPE',
      `${path} is stored in Fortran (column-major) order.`,
      'Save it with numpy.save(path, numpy.ascontiguousarray(x)).',
    );
  }
  return { type, shape };
}

async function readSame(reader: ByteReader, type: ArrayType, count: number): Promise<NumericArray> {
  const bytes = allocateBytes(count * bytesOf(type), reader.path);
  await reader.fill(bytes);
  return new type(bytes.buffer);
}

async function readNarrowed(reader: ByteReader, type: WideType, count: number): Promise<NumericArray> {
  const bytes = allocateBytes(count * 4, reader.path);
  const values = type === Float64Array ? new Float32Array(bytes.buffer) : new Int32Array(bytes.buffer);
  for (let start = 0; start < count; start += CONVERTED_AT_ONCE) {
    const part = await reader.take(8 * Math.min(CONVERTED_AT_ONCE, count - start));
    const wide = new type(part.buffer);
    for (let i = 0; i < wide.length; i++) {
      const value = Number(wide[i]);
      values[start + i] = value;
      if (values instanceof Int32Array && values[start + i] !== value) {
        throw new UserError(
          'DATA_NUMBER',
          `${reader.path}: element ${start + i} is ${wide[i]}, which 32 bits do not hold.`,
          'Use smaller whole numbers, or floats.',
        );
      }
    }
  }
  return values;
}

function bytesOf(type: ArrayType): number {
  return (type as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
}

function checkFinite(path: string, values: NumericArray, shape: readonly number[]): void {
  if (!(values instanceof Float32Array)) return;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  let rest = bad;
  const index = [...shape].reverse().map((dim) => {
    const position = rest % dim;
    rest = Math.floor(rest / dim);
    return position;
  });
  throw new UserError(
    'DATA_NUMBER',
    `${path}: the element at [${index.reverse().join(', ')}] is ${values[bad]}.`,
    'Every number must be finite in float32; correct or leave out the sample.',
  );
}
