import type { Model } from './ir.js';
import { metadataBytes, modelSegments } from './proto/encode.js';
import { joined } from './proto/wire.js';

/**
 * The bytes of a .onnx file, with every tensor inside. Copies each tensor once; for a file, `writeModel` copies none.
 * IR versions below 4 are written as 4, the first that does not list initializers as inputs.
 */
export function encodeModel(model: Model): Uint8Array {
  return joined(modelSegments(model));
}

/** Metadata as bytes that may be appended to a finished .onnx file; where a key occurs twice the last one counts. */
export function encodeMetadata(entries: ReadonlyMap<string, string> | Readonly<Record<string, string>>): Uint8Array {
  return metadataBytes(entries instanceof Map ? entries : Object.entries(entries));
}
