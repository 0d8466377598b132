import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeModel } from '../onnx/read.js';

/**
 * The files that a model on disk consists of: its own, then those of its external data in order of first use.
 * Throws what `decodeModel` throws.
 */
export async function modelFiles(path: string): Promise<string[]> {
  const locations = new Set<string>();
  decodeModel(await readFile(path), {
    name: path,
    liftsConstants: false,
    externalData: ({ location, byteLength }) => {
      locations.add(location);
      return new Uint8Array(byteLength);
    },
  });
  return [path, ...[...locations].map((location) => join(dirname(path), location))];
}
