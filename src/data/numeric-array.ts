/** Arrays that samples are stored in: the smallest type that holds the file's numbers. */
export type NumericArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array;

/** The largest value of an integer array's type; null for floats, which have none to divide by. */
export function largestValue(values: NumericArray): number | null {
  if (values instanceof Float32Array) return null;
  const bits = values.BYTES_PER_ELEMENT * 8;
  const isSigned = values instanceof Int8Array || values instanceof Int16Array || values instanceof Int32Array;
  return 2 ** (isSigned ? bits - 1 : bits) - 1;
}
