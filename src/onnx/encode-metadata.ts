import { metadataBytes } from './proto/metadata.js';

/** Metadata as bytes that may be appended to a finished .onnx file; where a key occurs twice the last one counts. */
export function encodeMetadata(entries: ReadonlyMap<string, string> | Readonly<Record<string, string>>): Uint8Array {
  return metadataBytes(entries instanceof Map ? entries : Object.entries(entries));
}
