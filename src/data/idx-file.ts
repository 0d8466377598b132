import { UserError } from '../core/errors.js';
import { sizeOf } from '../onnx/tensor.js';
import { allocateBytes } from './allocate.js';
import { ByteReader } from './byte-reader.js';
import { DiskRows } from './disk-rows.js';
import { UNSIGNED_BYTES } from './element-type.js';
import { beginning } from './looks-like.js';
import { canStayOnDisk, type StorageOption } from './storage.js';

const UNSIGNED_BYTE_CODE = 0x08;
const OTHER_TYPES: Readonly<Record<number, string>> = {
  9: 'signed bytes',
  11: '16-bit integers',
  12: '32-bit integers',
  13: '32-bit floats',
  14: '64-bit floats',
};

export interface IdxArray {
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * The array in an IDX file of unsigned bytes: 00 00, type 08, rank, then one big-endian uint32 per dimension, then the data.
 * Throws DATA_MAGIC, DATA_TYPE, DATA_TRUNCATED, DATA_TOO_LONG and what ByteReader throws.
 */
export async function readIdx(path: string, signal: AbortSignal): Promise<IdxArray> {
  return (await read(path, signal, 'memory')) as IdxArray;
}

/** The same with samples, along the first dimension, that stay in the file. */
export interface IdxRows {
  readonly dims: readonly number[];
  readonly bytes: DiskRows;
}

/**
 * The same array, in memory or left in its file, by what `storage` says and how large it is.
 * Throws what `readIdx` throws, and DATA_STORAGE for a compressed file that is to stay on the disk.
 */
export function readIdxRows(path: string, signal: AbortSignal, storage: StorageOption): Promise<IdxArray | IdxRows> {
  return read(path, signal, storage);
}

async function read(path: string, signal: AbortSignal, storage: StorageOption): Promise<IdxArray | IdxRows> {
  const reader = await ByteReader.open(path, signal);
  try {
    const head = await reader.peek(64);
    const rank = checkMagic(path, head);
    const header = Buffer.from(await reader.take(4 + 4 * rank));
    const dims = Array.from({ length: rank }, (_, i) => header.readUInt32BE(4 + 4 * i));
    const size = sizeOf(dims);
    reader.expectRoomFor(size);
    if (size > 0 && canStayOnDisk(reader, storage, size)) {
      reader.expectLength(size);
      const count = dims[0]!;
      const place = { path, offset: reader.position, count, size: size / count, type: UNSIGNED_BYTES };
      return { dims, bytes: await DiskRows.open(place) };
    }
    const bytes = allocateBytes(size, path);
    await reader.fill(bytes);
    await reader.expectEnd();
    return { dims, bytes };
  } finally {
    await reader.close();
  }
}

function checkMagic(path: string, head: Uint8Array): number {
  const rank = head[3] ?? 0;
  const isIdx = head.length >= 4 && head[0] === 0 && head[1] === 0 && rank >= 1 && rank <= 4;
  if (isIdx && head[2] === UNSIGNED_BYTE_CODE) return rank;
  const other = isIdx ? OTHER_TYPES[head[2]!] : undefined;
  if (other !== undefined) {
    throw new UserError(
      'DATA_TYPE',
      `${path} holds ${other}; the idx reader takes unsigned bytes.`,
      'Convert it, for instance to .npy.',
    );
  }
  throw new UserError(
    'DATA_MAGIC',
    `${path} is not an IDX file: ${beginning(head, 4)}.`,
    'An IDX file of images begins with 0x00000803, one of labels with 0x00000801.',
  );
}
