import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type GraphProto, type ModelProto, ModelProtoSchema } from 'onnx-buf';
import { isUserError, UserError } from '../core/errors.js';
import { externalDataIn } from './external-data.js';
import type { Model } from './ir.js';
import { liftConstants } from './lift.js';
import { lookOf } from './not-onnx.js';
import { sorting } from './order.js';
import { toModel } from './proto/decode.js';
import type { ExternalLoader, ExternalReference } from './proto/tensor.js';

export interface DecodeOptions {
  /** How messages call the model: a path, if it has one. Default "the model". */
  readonly name?: string;
  /** Reads tensors that lie outside the model file. Default: such a model is refused. */
  readonly externalData?: ExternalLoader;
  /** Whether Constant nodes become initializers. Default true. */
  readonly liftsConstants?: boolean;
}

/**
 * The model in a .onnx file, with its external data and with Constant nodes lifted into initializers.
 * Throws FILE_READ, and what `decodeModel` throws, naming the file.
 */
export async function readModel(path: string): Promise<Model> {
  let bytes: Uint8Array;
  try {
    // A device may have no end.
    const found = await stat(path);
    if (found.isDirectory()) throw notFile(path, 'a folder', 'Name the file in it.');
    if (found.isCharacterDevice() || found.isBlockDevice()) throw notFile(path, 'a device', 'Name a file.');
    bytes = await readFile(path);
  } catch (cause) {
    throw isUserError(cause) ? cause : unreadable(path, cause as NodeJS.ErrnoException);
  }
  const external = externalDataIn(dirname(path));
  try {
    return decodeModel(bytes, { name: path, externalData: external.load });
  } finally {
    external.close();
  }
}

/**
 * The model in the bytes of a .onnx file. Tensors are views of these bytes: do not change them afterwards.
 * Throws ONNX_DECODE for what is no ONNX model, ONNX_TENSOR_SIZE, ONNX_TENSOR_TYPE, ONNX_EXTERNAL_DATA.
 */
export function decodeModel(bytes: Uint8Array, options: DecodeOptions = {}): Model {
  const name = options.name ?? 'the model';
  // A Buffer's slice() and subarray() differ from those of a Uint8Array, and protobuf views inherit the class.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const model = placed(options.name, () => toModel(parse(plain, name), options.externalData ?? refuseExternal));
  if (options.liftsConstants ?? true) liftConstants(model.graph);
  // onnxruntime takes nodes in any order, the rest of Lathe relies on one. A cycle is left for checkModel to name.
  const { sorted, blocked } = sorting(model.graph);
  if (blocked.length === 0 && sorted.some((node, i) => node !== model.graph.nodes[i])) model.graph.nodes = sorted;
  return model;
}

function parse(bytes: Uint8Array, name: string): ModelProto & { graph: GraphProto } {
  const fix = 'Check that the file is complete, or export it again.';
  if (bytes.byteLength === 0) throw new UserError('ONNX_DECODE', `${name} is empty.`, fix);
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    const look = lookOf(bytes);
    throw look === undefined
      ? new UserError('ONNX_DECODE', `${name} is no ONNX model, or is cut off: ${(cause as Error).message}.`, fix, {
          cause,
        })
      : new UserError('ONNX_DECODE', `${name} is no ONNX model: it looks like ${look}.`, OTHER_FILE);
  }
  const { graph } = proto;
  if (graph === undefined || (proto.irVersion === 0n && proto.opsetImport.length === 0)) {
    const look = lookOf(bytes);
    throw new UserError(
      'ONNX_DECODE',
      `${name} is no ONNX model: ${look === undefined ? 'it has no graph' : `it looks like ${look}`}.`,
      look === undefined ? fix : OTHER_FILE,
    );
  }
  // Not a spread copy: protobuf-es keeps default values in the prototype.
  return proto as ModelProto & { graph: GraphProto };
}

const OTHER_FILE = 'Give the path of the ONNX file, or fetch it again.';

/** Errors found while decoding a file, with the file as their place. */
function placed<T>(file: string | undefined, decode: () => T): T {
  if (file === undefined) return decode();
  try {
    return decode();
  } catch (error) {
    throw isUserError(error) ? error.at({ kind: 'file', file }) : error;
  }
}

function refuseExternal({ tensor, location }: ExternalReference): Uint8Array {
  throw new UserError(
    'ONNX_EXTERNAL_DATA',
    `${tensor} lies in another file, "${location}", which cannot be found from the model's bytes alone.`,
    'Give the path of the model instead.',
  );
}

function notFile(path: string, what: string, fix: string): UserError {
  return new UserError('FILE_READ', `${path} is ${what}, not a file.`, fix, { place: { kind: 'file', file: path } });
}

function unreadable(path: string, cause: NodeJS.ErrnoException): UserError {
  const place = { kind: 'file', file: path } as const;
  if (cause.code === 'ENOENT') {
    return new UserError('FILE_READ', `There is no file ${path}.`, 'Check the path.', { cause, place });
  }
  if (cause.code === 'ERR_FS_FILE_TOO_LARGE') {
    return new UserError(
      'ONNX_DECODE',
      `${path} is larger than 2 GiB, the limit of protobuf.`,
      'Save the model with external data.',
      { cause, place },
    );
  }
  return new UserError('FILE_READ', `${path} cannot be read: ${cause.message}.`, '', { cause, place });
}
