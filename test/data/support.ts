import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { onTestFinished } from 'vitest';
import { isUserError } from '../../src/core/errors.js';
import type { Dataset, Samples } from '../../src/data/dataset.js';
import { BUILT_IN_DATASETS } from '../../src/data/index.js';
import { sizeOf } from '../../src/onnx/tensor.js';

/** An empty folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a built-in data set as a recipe does: options checked against its schema, defaults filled in. */
export async function openDataset(name: string, options: object): Promise<Dataset> {
  const definition = BUILT_IN_DATASETS.find((candidate) => candidate.name === name);
  if (definition === undefined) throw new Error(`no reader "${name}"`);
  const filled = structuredClone(options);
  const validate = new Ajv2020({ useDefaults: true, strict: false }).compile(definition.options as object);
  if (!validate(filled)) throw new Error(`options of ${name}: ${JSON.stringify(validate.errors)}`);
  return definition.open({ options: filled, signal: new AbortController().signal });
}

/** The message and code of the UserError that an action ends with; `folder` is shown as "<folder>". */
export async function userErrorOf(action: Promise<unknown>, folder = '<none>'): Promise<string> {
  try {
    await action;
  } catch (error) {
    if (!isUserError(error)) throw error;
    return `${error.message} [${error.code}]`.replaceAll(folder, '<folder>');
  }
  throw new Error('expected a UserError');
}

/** All samples of a split, in order. */
export async function readAll(samples: Samples, data: Dataset): Promise<{ x: Float32Array; y: number[] }> {
  const { target } = data;
  const x = new Float32Array(samples.count * sizeOf(data.inputShape));
  const y =
    target.kind === 'class' ? new Int32Array(samples.count) : new Float32Array(samples.count * sizeOf(target.shape));
  await samples.read(
    Array.from({ length: samples.count }, (_, i) => i),
    x,
    y,
  );
  return { x, y: Array.from(y) };
}

/** The bytes of an IDX file of unsigned bytes. */
export function idxBytes(dims: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header[2] = 8;
  header[3] = dims.length;
  dims.forEach((dim, i) => void header.writeUInt32BE(dim, 4 + 4 * i));
  return Buffer.concat([header, Buffer.from(Uint8Array.from(data))]);
}

/** The bytes of a .npy file (format 1.0) with the given header entries. */
export function npyBytes(type: string, shape: readonly number[], data: Uint8Array, order = 'False'): Buffer {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${dims}), }\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(text), data]);
}
