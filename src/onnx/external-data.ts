import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { UserError } from '../core/errors.js';
import { shownName } from '../core/shown-name.js';
import type { ExternalLoader, ExternalReference } from './proto/tensor.js';

/** One read of at most this many bytes: Node refuses 2 GiB and more at once. */
const READ_BYTES = 1 << 30;

/**
 * Reads tensors from files in a model's folder, each into its own buffer.
 * As onnxruntime does, it refuses what lies outside the folder, also through a link: a model must not read other files.
 * Throws ONNX_EXTERNAL_DATA.
 */
export function externalDataIn(folder: string): { load: ExternalLoader; close: () => void } {
  const files = new Map<string, { descriptor: number; byteLength: number }>();
  const open = (reference: ExternalReference) => {
    const known = files.get(reference.location);
    if (known !== undefined) return known;
    const descriptor = openInside(folder, reference);
    const file = { descriptor, byteLength: fstatSync(descriptor).size };
    files.set(reference.location, file);
    return file;
  };
  return {
    load: (reference) => readRange(reference, open(reference)),
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

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function readRange(reference: ExternalReference, file: { descriptor: number; byteLength: number }): Uint8Array {
  const { tensor, location, offset, byteLength, statedLength } = reference;
  if (statedLength !== undefined && statedLength !== byteLength) {
    throw refusal(`${tensor} needs ${byteLength} bytes, but the model gives it ${statedLength} of "${location}".`);
  }
  if (offset + byteLength > file.byteLength) {
    throw refusal(
      `${tensor} lies at byte ${offset} to ${offset + byteLength} of "${location}", which has ${file.byteLength} bytes.`,
    );
  }
  const bytes = new Uint8Array(byteLength);
  for (let done = 0; done < byteLength; ) {
    const count = readSync(file.descriptor, bytes, done, Math.min(READ_BYTES, byteLength - done), offset + done);
    if (count === 0) throw refusal(`"${location}" became shorter while ${tensor} was read.`);
    done += count;
  }
  return bytes;
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
