import { create, isFieldSet, toBinary } from '@bufbuild/protobuf';
import { type TensorProto, TensorProto_DataLocation, TensorProtoSchema } from 'onnx-buf';
import { UserError } from '../../core/errors.js';
import type { DataType, Tensor } from '../ir.js';
import { byteLengthOf, sizeOf } from '../tensor.js';
import { dataTypeOf } from './data-type.js';

/** A tensor's place in another file, as the model states it: unchecked. */
export interface ExternalReference {
  readonly tensor: string;
  readonly location: string;
  readonly offset: number;
  /** What the shape asks for. */
  readonly byteLength: number;
  /** What the model says, if it says so. */
  readonly statedLength: number | undefined;
}

export type ExternalLoader = (reference: ExternalReference) => Uint8Array;

/**
 * The tensor of a TensorProto; raw data stay a view of the file's bytes.
 * @param label how messages call it
 * Throws ONNX_TENSOR_TYPE, ONNX_TENSOR_SIZE.
 */
export function toTensor(proto: TensorProto, label: string, load: ExternalLoader): Tensor {
  const dataType = dataTypeOf(proto.dataType);
  if (dataType === undefined || dataType === 'undefined') {
    throw new UserError(
      'ONNX_TENSOR_TYPE',
      `${label} has the element type ${proto.dataType}, which ONNX does not define.`,
      'The file is damaged, or newer than this version of Lathe.',
    );
  }
  const dims = dimsOf(proto, label);
  const extras = {
    ...(proto.docString === '' ? {} : { docString: proto.docString }),
    ...opaqueFields(proto),
  };
  if (dataType === 'string') {
    checkSize(label, dims, 'strings', proto.stringData.length, sizeOf(dims));
    return { dataType, dims, bytes: new Uint8Array(0), strings: proto.stringData, ...extras };
  }
  const byteLength = byteLengthOf(dataType, dims);
  const bytes =
    proto.dataLocation === TensorProto_DataLocation.EXTERNAL
      ? load(externalReference(proto, label, byteLength))
      : isFieldSet(proto, TensorProtoSchema.field.rawData)
        ? proto.rawData
        : typedData(proto, dataType);
  checkSize(label, dims, 'bytes', bytes.byteLength, byteLength);
  return { dataType, dims, bytes, ...extras };
}

function dimsOf(proto: TensorProto, label: string): number[] {
  const dims = proto.dims.map(Number);
  let size = 1;
  for (const dim of dims) {
    size *= Math.max(dim, 1);
    if (dim < 0 || size > Number.MAX_SAFE_INTEGER) {
      throw new UserError(
        'ONNX_TENSOR_SIZE',
        `${label} has the impossible shape [${dims.join(', ')}].`,
        'The file is damaged: export it again.',
      );
    }
  }
  return dims;
}

function checkSize(label: string, dims: readonly number[], unit: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new UserError(
    'ONNX_TENSOR_SIZE',
    `${label} holds ${found} ${unit}, but its shape [${dims.join(', ')}] needs ${wanted}.`,
    'The file is damaged: export it again.',
  );
}

function externalReference(proto: TensorProto, label: string, byteLength: number): ExternalReference {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const integer = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw new UserError(
      'ONNX_EXTERNAL_DATA',
      `${label} says that its external data have the ${key} "${text}".`,
      'The file is damaged: export it again.',
    );
  };
  return {
    tensor: label,
    location: entries.get('location') ?? '',
    offset: integer('offset') ?? 0,
    byteLength,
    statedLength: integer('length'),
  };
}

/** Values that were written as numbers (float_data, int32_data …) as little-endian bytes. */
function typedData(proto: TensorProto, dataType: DataType): Uint8Array {
  switch (dataType) {
    case 'float32':
    case 'complex64':
      return bytesOf(Float32Array.from(proto.floatData));
    case 'float64':
    case 'complex128':
      return bytesOf(Float64Array.from(proto.doubleData));
    case 'int64':
      return bytesOf(BigInt64Array.from(proto.int64Data));
    case 'uint64':
      return bytesOf(BigUint64Array.from(proto.uint64Data));
    case 'uint32':
      return bytesOf(Uint32Array.from(proto.uint64Data, Number));
    case 'int32':
      return bytesOf(Int32Array.from(proto.int32Data));
    case 'int16':
    case 'uint16':
    case 'float16':
    case 'bfloat16':
      return bytesOf(Uint16Array.from(proto.int32Data));
    default:
      // 8-bit types, and those below 8 bits, of which one entry holds one packed byte.
      return Uint8Array.from(proto.int32Data);
  }
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function opaqueFields(proto: TensorProto): { opaque?: Uint8Array } {
  if (proto.metadataProps.length === 0 && proto.$unknown === undefined && proto.segment === undefined) return {};
  const rest = create(TensorProtoSchema, { metadataProps: proto.metadataProps });
  if (proto.$unknown !== undefined) rest.$unknown = proto.$unknown;
  if (proto.segment !== undefined) rest.segment = proto.segment;
  const opaque = toBinary(TensorProtoSchema, rest);
  return opaque.byteLength === 0 ? {} : { opaque };
}
