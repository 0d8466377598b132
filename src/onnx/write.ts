import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../core/errors.js';
import type { Model } from './ir.js';
import { type ExternalPlace, modelSegments } from './proto/encode.js';
import { joined } from './proto/wire.js';

export interface WriteOptions {
  /**
   * From this many bytes of initializers on, they go into a second file, `<name>.onnx.data`, beside the model.
   * Default 1.5 GiB: protobuf ends at 2 GiB.
   */
  readonly externalDataBytes?: number;
  /** Gets the SHA-256 of each file, taken while it is written; without it none is. */
  readonly onDigest?: (path: string, digest: string) => void;
}

const EXTERNAL_DATA_BYTES = 1.5 * 2 ** 30;
/** Smaller tensors stay in the model file: the readers of shapes and axes want them there. */
const SMALLEST_EXTERNAL_BYTES = 1024;
/** As onnx aligns: pages, and for tensors above 1 MB the 64 kB in which Windows maps files. */
const PAGE_BYTES = 4096;
const LARGE_PAGE_BYTES = 65536;
const LARGE_TENSOR_BYTES = 1 << 20;

/**
 * The bytes of a .onnx file, with every tensor inside. Copies each tensor once; for a file, `writeModel` copies none.
 * IR versions below 4 are written as 4, the first that does not list initializers as inputs.
 */
export function encodeModel(model: Model): Uint8Array {
  return joined(modelSegments(model));
}

/** A model for a reader that takes its large tensors apart from it. */
export interface EncodedModel {
  readonly bytes: Uint8Array;
  /** Location, as the model names it, to the bytes of its tensor: views, no copies. */
  readonly data: ReadonlyMap<string, Uint8Array>;
}

/** Like `encodeModel`; from `externalDataBytes` of initializers on, the large tensors are not in the bytes and not copied. */
export function encodeModelApart(model: Model, options: WriteOptions = {}): EncodedModel {
  const places = new Map<string, ExternalPlace>();
  const data = new Map<string, Uint8Array>();
  if (initializerBytes(model) >= (options.externalDataBytes ?? EXTERNAL_DATA_BYTES)) {
    for (const [name, { bytes }] of model.graph.initializers) {
      if (bytes.byteLength < SMALLEST_EXTERNAL_BYTES) continue;
      const location = `tensor${data.size}`;
      places.set(name, { location, offset: 0, length: bytes.byteLength });
      data.set(location, bytes);
    }
  }
  return { bytes: joined(modelSegments(model, places)), data };
}

/**
 * Writes a .onnx file, large models with their tensors in `<name>.onnx.data` beside it. Copies no tensor.
 * Not atomic: write into a fresh folder where readers may come in between. Throws FILE_WRITE, for instance on a full disk.
 */
export async function writeModel(model: Model, path: string, options: WriteOptions = {}): Promise<void> {
  const location = `${basename(path)}.data`;
  const { places, parts } = externalData(model, location, options.externalDataBytes ?? EXTERNAL_DATA_BYTES);
  if (places.size > 0) await writeParts(join(dirname(path), location), parts, options.onDigest);
  await writeParts(path, modelSegments(model, places).parts, options.onDigest);
}

/** How many bytes `writeModel` writes for a model, in all its files. */
export function writtenBytes(model: Model, options: WriteOptions = {}): number {
  const { places, parts } = externalData(model, 'model.onnx.data', options.externalDataBytes ?? EXTERNAL_DATA_BYTES);
  const outside = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return outside + modelSegments(model, places).byteLength;
}

/** Where each tensor lies in the data file, and the file's parts with the gaps between tensors. */
function externalData(model: Model, location: string, threshold: number) {
  const places = new Map<string, ExternalPlace>();
  const parts: Uint8Array[] = [];
  if (initializerBytes(model) < threshold) return { places, parts };
  let end = 0;
  for (const [name, { bytes }] of model.graph.initializers) {
    const length = bytes.byteLength;
    if (length < SMALLEST_EXTERNAL_BYTES) continue;
    const page = length > LARGE_TENSOR_BYTES ? LARGE_PAGE_BYTES : PAGE_BYTES;
    const offset = Math.ceil(end / page) * page;
    if (offset > end) parts.push(new Uint8Array(offset - end));
    parts.push(bytes);
    places.set(name, { location, offset, length });
    end = offset + length;
  }
  return { places, parts };
}

function initializerBytes(model: Model): number {
  let total = 0;
  for (const { bytes } of model.graph.initializers.values()) total += bytes.byteLength;
  return total;
}

/** The most buffers and bytes of one system call. */
const MOST_PARTS = 512;
const MOST_BYTES = 2 ** 30;

async function writeParts(
  path: string,
  parts: readonly Uint8Array[],
  onDigest: WriteOptions['onDigest'],
): Promise<void> {
  const hash = onDigest === undefined ? null : createHash('sha256');
  try {
    const file = await open(path, 'w');
    try {
      for (const batch of batches(parts)) {
        if (hash !== null) for (const part of batch) hash.update(part);
        for (let rest = batch; rest.length > 0; ) {
          const { bytesWritten } = await file.writev(rest);
          rest = after(rest, bytesWritten);
        }
      }
    } finally {
      await file.close();
    }
    if (hash !== null) onDigest?.(path, hash.digest('hex'));
  } catch (cause) {
    throw new UserError(
      'FILE_WRITE',
      `${path} cannot be written: ${(cause as Error).message}.`,
      'Free space, or write elsewhere.',
      {
        cause,
        class: 'infrastructure',
        place: { kind: 'file', file: path },
      },
    );
  }
}

function* batches(parts: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let byteLength = 0;
  for (const part of parts) {
    for (let start = 0; start < part.byteLength; start += MOST_BYTES) {
      const piece = part.subarray(start, start + MOST_BYTES);
      if (batch.length === MOST_PARTS || byteLength + piece.byteLength > MOST_BYTES) {
        if (batch.length > 0) yield batch;
        batch = [];
        byteLength = 0;
      }
      batch.push(piece);
      byteLength += piece.byteLength;
    }
  }
  if (batch.length > 0) yield batch;
}

/** What is left of a batch of which the system took only a part. */
function after(batch: readonly Uint8Array[], bytesWritten: number): Uint8Array[] {
  let skip = bytesWritten;
  let index = 0;
  while (index < batch.length && skip >= batch[index]!.byteLength) skip -= batch[index++]!.byteLength;
  const rest = batch.slice(index);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}
