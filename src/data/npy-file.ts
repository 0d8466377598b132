import { UserError } from '../core/errors.js';
import { shownName } from '../core/shown-name.js';
import { sizeOf } from '../onnx/tensor.js';
import { allocateBytes } from './allocate.js';
import type { ByteReader } from './byte-reader.js';
import { DiskRows } from './disk-rows.js';
import { type ElementType, NUMPY_TYPES, UNSIGNED_BYTES } from './element-type.js';
import { beginning } from './looks-like.js';
import type { NumericArray } from './numeric-array.js';
import { canStayOnDisk, type StorageOption } from './storage.js';

const MAGIC = '\x93NUMPY';
const MAX_HEADER_BYTES = 1 << 16;
/** NumPy's own limit. */
const MAX_RANK = 64;
/** Elements converted at a time, where the stored type is not the file's. */
const CONVERTED_AT_ONCE = 1 << 15;

/** An array in row-major order. 64-bit types are narrowed: float64 to float32, int64 and uint64 to int32. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: NumericArray;
}

/** The same with samples, along the first dimension, that stay in the file. */
export interface NpyRows {
  readonly shape: readonly number[];
  readonly values: DiskRows;
}

/**
 * The array in a .npy file (format versions 1 to 3).
 * Throws DATA_MAGIC, DATA_CORRUPT for a bad header, DATA_TYPE for an element type or order that is not read,
 * DATA_NUMBER for NaN, infinities and integers beyond 32 bits, and what ByteReader throws.
 */
export async function readNpy(reader: ByteReader): Promise<NpyArray> {
  return readElements(reader, await readHeader(reader));
}

/**
 * The same array, in memory or left in its file, by what `storage` says and how large it is; checked in any case.
 * Throws what `readNpy` throws, and DATA_STORAGE for a compressed file that is to stay on the disk.
 */
export async function readNpyRows(reader: ByteReader, storage: StorageOption): Promise<NpyArray | NpyRows> {
  const { path } = reader;
  const header = await readHeader(reader);
  const { type, shape, count } = header;
  if (count === 0 || !canStayOnDisk(reader, storage, count * type.memoryBytes)) return readElements(reader, header);
  const offset = reader.position;
  reader.expectLength(count * type.fileBytes);
  const size = count / shape[0]!;
  const values = await DiskRows.open({ path, offset, count: shape[0]!, size, type });
  if (type !== UNSIGNED_BYTES) {
    await values.scan((rows, first) => checkFinite(path, rows, { shape, first: first * size }));
  }
  return { shape, values };
}

async function readElements(reader: ByteReader, { type, shape, count }: Header): Promise<NpyArray> {
  const { path } = reader;
  const { buffer } = allocateBytes(count * type.memoryBytes, path);
  const values = type.view(buffer);
  if (type.convert === null) await reader.fill(new Uint8Array(buffer));
  else {
    for (let first = 0; first < count; first += CONVERTED_AT_ONCE) {
      const length = Math.min(CONVERTED_AT_ONCE, count - first);
      const part = await reader.take(type.fileBytes * length);
      type.convert(part, values.subarray(first, first + length), { path, first });
    }
  }
  await reader.expectEnd();
  checkFinite(path, values, { shape, first: 0 });
  return { shape, values };
}

interface Header {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Elements in all. */
  readonly count: number;
}

/** Reads up to where the elements begin, and checks that they can all be there. */
async function readHeader(reader: ByteReader): Promise<Header> {
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
  reader.expectRoomFor(count * type.fileBytes);
  return { type, shape, count };
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
function parseHeader(path: string, text: string): { type: ElementType; shape: number[] } {
  const name = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const dims = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (order === undefined || dims === undefined) {
    throw new UserError('DATA_CORRUPT', `${path} has a damaged NumPy header.`, 'Write it again with numpy.save.');
  }
  const shape = shapeOf(dims);
  if (shape === undefined) {
    throw new UserError(
      'DATA_CORRUPT',
      `${path} has an impossible shape: (${shownName(dims.trim())}).`,
      'Write it again with numpy.save.',
    );
  }
  const type = name === undefined || !Object.hasOwn(NUMPY_TYPES, name) ? undefined : NUMPY_TYPES[name];
  if (type === undefined) {
    throw new UserError(
      'DATA_TYPE',
      `${path} holds elements of the NumPy type ${name === undefined ? 'of a record' : `"${shownName(name)}"`}.`,
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

/** The numbers of a shape as Python writes it; undefined where an array cannot have it. */
function shapeOf(dims: string): number[] | undefined {
  const shape = dims
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map(Number);
  const isPossible =
    shape.every(Number.isSafeInteger) && shape.length <= MAX_RANK && Number.isSafeInteger(sizeOf(shape));
  return isPossible ? shape : undefined;
}

/** @param part.first position in the whole array of the first value */
function checkFinite(
  path: string,
  values: NumericArray,
  part: { readonly shape: readonly number[]; readonly first: number },
): void {
  if (!(values instanceof Float32Array)) return;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  let rest = part.first + bad;
  const index = [...part.shape].reverse().map((dim) => {
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
