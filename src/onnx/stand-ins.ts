import { cloneModel, type Model, type Tensor } from './ir.js';
import { bitsOf, byteLengthOf, sizeOf } from './tensor.js';

/**
 * A copy in which each named initializer holds one number other than 0 everywhere: what is known of weights that are yet to
 * be computed. Where a mask has 0, they hold 0.
 * @param masks one byte an element, by name; only for tensors whose elements are whole bytes
 */
export function withStandIns(
  model: Model,
  names: Iterable<string>,
  masks: ReadonlyMap<string, Uint8Array> = new Map(),
): Model {
  const copy = cloneModel(model);
  const { initializers } = copy.graph;
  for (const name of names) {
    const tensor = initializers.get(name);
    if (tensor === undefined) throw new Error(`internal: no initializer "${name}"`);
    initializers.set(name, standIn(tensor, masks.get(name)));
  }
  return copy;
}

function standIn({ dataType, dims }: Tensor, mask: Uint8Array | undefined): Tensor {
  const bytes = standInBytes(byteLengthOf(dataType, dims));
  if (mask === undefined) return { dataType, dims, bytes };
  const size = bitsOf(dataType) / 8;
  if (!Number.isInteger(size) || mask.length !== sizeOf(dims))
    throw new Error('internal: the mask is of another tensor');
  const masked = bytes.slice();
  mask.forEach((isKept, index) => {
    if (isKept === 0) masked.fill(0, index * size, (index + 1) * size);
  });
  return { dataType, dims, bytes: masked };
}

/** Bytes of which any float and any integer type makes positive finite numbers. All callers share them. */
export function standInBytes(length: number): Uint8Array {
  let bytes = shared?.deref();
  if (bytes === undefined || bytes.byteLength < length) {
    bytes = new Uint8Array(length).fill(STAND_IN_BYTE);
    shared = new WeakRef(bytes);
  }
  return bytes.subarray(0, length);
}

/** float32 0x3f3f3f3f is 0.747, float64 0.00048, float16 1.8, int8 63. */
const STAND_IN_BYTE = 0x3f;

let shared: WeakRef<Uint8Array> | undefined;
