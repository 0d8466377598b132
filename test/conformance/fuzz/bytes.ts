import fc from 'fast-check';

/** One change of bytes. Every number is taken modulo what there is. */
export interface ByteEdit {
  readonly kind: 'flip' | 'set' | 'insert' | 'delete' | 'copy' | 'truncate' | 'borrow';
  readonly at: number;
  readonly length: number;
  readonly value: number;
}

const edit: fc.Arbitrary<ByteEdit> = fc.record({
  kind: fc.constantFrom<ByteEdit['kind']>(
    'flip',
    'flip',
    'set',
    'set',
    'insert',
    'delete',
    'copy',
    'truncate',
    'borrow',
  ),
  at: fc.nat(1_000_000),
  length: fc.oneof({ weight: 4, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(500) }),
  value: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x08, 0x0a, 0x12, 0x3a), fc.nat(255)),
});

export const byteEdits: fc.Arbitrary<readonly ByteEdit[]> = fc.oneof(
  { weight: 2, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(edit, { minLength: 2, maxLength: 4 }) },
);

/** @param other bytes to take pieces from */
export function editBytes(bytes: Uint8Array, edits: readonly ByteEdit[], other: Uint8Array): Buffer {
  return edits.reduce<Buffer>((here, each) => apply(here, each, other), Buffer.from(bytes));
}

function apply(bytes: Buffer, { kind, at, length, value }: ByteEdit, other: Uint8Array): Buffer {
  if (bytes.length === 0) return bytes;
  const start = at % bytes.length;
  const end = Math.min(bytes.length, start + length);
  const between = (piece: Uint8Array, to: number) =>
    Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(to)]);
  switch (kind) {
    case 'flip':
      return between(Uint8Array.of(bytes[start]! ^ (1 << (value % 8))), start + 1);
    case 'set':
      return between(Uint8Array.of(value), start + 1);
    case 'insert':
      return between(new Uint8Array(length).fill(value), start);
    case 'delete':
      return between(new Uint8Array(), end);
    case 'copy':
      return between(bytes.subarray(start, end), start);
    case 'truncate':
      return bytes.subarray(0, start);
    case 'borrow':
      return between(other.subarray(at % other.length, (at % other.length) + length), end);
  }
}
