/** Bytes of a message in pieces, so that tensors are never copied into one buffer. */
export interface Segments {
  readonly parts: Uint8Array[];
  byteLength: number;
}

export function segments(): Segments {
  return { parts: [], byteLength: 0 };
}

export function push(target: Segments, part: Uint8Array): void {
  if (part.byteLength === 0) return;
  target.parts.push(part);
  target.byteLength += part.byteLength;
}

/** Appends a length-delimited field: a tag, the length, then the parts as they are. */
export function pushField(target: Segments, field: number, value: Segments): void {
  push(target, fieldHeader(field, value.byteLength));
  for (const part of value.parts) push(target, part);
}

/** One buffer with everything: the only copy. */
export function joined(source: Segments): Uint8Array {
  const bytes = new Uint8Array(source.byteLength);
  let offset = 0;
  for (const part of source.parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

/** Tag and length of a length-delimited field (wire type 2). */
export function fieldHeader(field: number, byteLength: number): Uint8Array {
  const bytes: number[] = [];
  pushVarint(bytes, field * 8 + 2);
  pushVarint(bytes, byteLength);
  return Uint8Array.from(bytes);
}

/** Base 128, low group first. By division, since lengths may pass 2^32. */
function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}
