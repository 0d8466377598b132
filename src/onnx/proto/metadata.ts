import { joined, push, pushField, segments } from './wire.js';

// Written by hand: who exports a finished file need not load the whole of protobuf for four entries.
const METADATA_IN_MODEL = 14;
const KEY_IN_ENTRY = 1;
const VALUE_IN_ENTRY = 2;

/** metadata_props as fields of a ModelProto: valid at the end of any .onnx file, since protobuf merges what it finds. */
export function metadataBytes(entries: Iterable<readonly [string, string]>): Uint8Array {
  const result = segments();
  for (const [key, value] of entries) {
    const entry = segments();
    pushText(entry, KEY_IN_ENTRY, key);
    pushText(entry, VALUE_IN_ENTRY, value);
    pushField(result, METADATA_IN_MODEL, entry);
  }
  return joined(result);
}

function pushText(target: ReturnType<typeof segments>, field: number, text: string): void {
  const bytes = segments();
  push(bytes, new TextEncoder().encode(text));
  pushField(target, field, bytes);
}
