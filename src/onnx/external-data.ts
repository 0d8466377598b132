import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { UserError } from '../core/errors.js';
import { isInside } from '../core/is-inside.js';
import { memoryLimit } from '../core/memory-limit.js';
import { shownName } from '../core/shown-name.js';
import type { ExternalLoader, ExternalReference } from './proto/tensor.js';

/** One read of at most this many bytes: Node refuses 2 GiB and more at once. */
const READ_BYTES = 1 << 30;

/**
 * How often over the bytes of a data file may be read. Tensors may share a region, as the ends of a tied network do; of a small file
 * that thousands of tensors name, each would be another copy in memory.
 */
const TIMES_READ_MAX = 4;

/** Access to the files in a model's folder that hold its tensors. */
export interface ExternalData {
  /** Reads a tensor into a buffer of its own. */
  readonly load: ExternalLoader;
  /** Checks only that it can be read. */
  check(reference: ExternalReference): void;
  close(): void;
}

interface DataFile {
  readonly descriptor: number;
  readonly byteLength: number;
  /** Bytes that tensors have asked for. */
  asked: number;
}

/**
 * As onnxruntime does, it refuses what lies outside the folder, also through a link: a model must not read other files.
 * Its methods throw ONNX_EXTERNAL_DATA.
 */
export function externalDataIn(folder: string): ExternalData {
  const files = new Map<string, DataFile>();
  const most = memoryLimit();
  let asked = 0;
  const opened = (reference: ExternalReference) => {
    const known = files.get(reference.location);
    if (known !== undefined) return known;
    const descriptor = openInside(folder, reference);
    const file = { descriptor, byteLength: fstatSync(descriptor).size, asked: 0 };
    files.set(reference.location, file);
    return file;
  };
  const checked = (reference: ExternalReference) => {
    const file = opened(reference);
    checkRange(reference, file);
    file.asked += reference.byteLength;
    asked += reference.byteLength;
    if (file.asked > TIMES_READ_MAX * file.byteLength) throw overlapping(reference, file);
    if (asked > most)
      throw refusal(`${reference.tensor} and those before it need ${asked} bytes of memory; ${most} are there.`);
    return file;
  };
  return {
    load: (reference) => readRange(reference, checked(reference)),
    check: (reference) => void checked(reference),
    close: () => {
      for (const { descriptor } of files.values()) closeSync(descriptor);
    },
  };
}

function openInside(folder: string, reference: ExternalReference): number {
  const { tensor, location } = reference;
  if (location === '') throw refusal(`${tensor} lies in another file, but the model does not say in which.`);
  if (isAbsolute(location) || !isInside(folder, join(folder, location))) throw outside(reference);
  try {
    const root = realpathSync(folder);
    const path = realpathSync(join(root, location));
    if (!isInside(root, path)) throw outside(reference);
    // Opening a pipe would wait for somebody to write into it.
    if (!statSync(path).isFile()) throw refusal(`${tensor} lies in "${shownName(location)}", which is no file.`);
    return openSync(path, 'r');
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      'ONNX_EXTERNAL_DATA',
      `${tensor} lies in "${location}", which cannot be opened: ${(cause as Error).message}.`,
      'Keep the data file in the folder of the model.',
      { cause },
    );
  }
}

function checkRange(reference: ExternalReference, file: DataFile): void {
  const { tensor, location, offset, byteLength, statedLength } = reference;
  if (statedLength !== undefined && statedLength !== byteLength) {
    throw refusal(`${tensor} needs ${byteLength} bytes, but the model gives it ${statedLength} of "${location}".`);
  }
  if (offset + byteLength > file.byteLength) {
    throw refusal(
      `${tensor} lies at byte ${offset} to ${offset + byteLength} of "${location}", which has ${file.byteLength} bytes.`,
    );
  }
}

function readRange({ tensor, location, offset, byteLength }: ExternalReference, file: DataFile): Uint8Array {
  const bytes = buffer(byteLength, tensor);
  for (let done = 0; done < byteLength; ) {
    const count = readSync(file.descriptor, bytes, done, Math.min(READ_BYTES, byteLength - done), offset + done);
    if (count === 0) throw refusal(`"${location}" became shorter while ${tensor} was read.`);
    done += count;
  }
  return bytes;
}

function buffer(byteLength: number, tensor: string): Uint8Array {
  try {
    return new Uint8Array(byteLength);
  } catch {
    throw refusal(`${tensor} needs ${byteLength} bytes of memory, more than can be had at once.`);
  }
}

function overlapping({ tensor, location }: ExternalReference, { asked, byteLength }: DataFile): UserError {
  return refusal(
    `${tensor} and those before it take ${asked} bytes out of "${location}", which has ${byteLength}: they lie over each other.`,
  );
}

function outside({ tensor, location }: ExternalReference): UserError {
  return new UserError(
    'ONNX_EXTERNAL_DATA',
    `${tensor} lies in "${location}", outside the folder of the model.`,
    'Move the data file beside the model and save it again: a model may not read other folders.',
  );
}

function refusal(problem: string): UserError {
  return new UserError('ONNX_EXTERNAL_DATA', problem, 'The data file is incomplete or belongs to another model.');
}
