import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeModel } from '../onnx/read.js';

/**
 * The files that a model on disk consists of: its own, then those of its external data in order of first use.
 * Throws what `decodeModel` throws.
 */
export async function modelFiles(path: string): Promise<string[]> {
  const locations = new Set<string>();
  // Nobody looks at the tensors: one piece of memory stands for all of them.
  let blank = new Uint8Array(0);
  decodeModel(await readFile(path), {
    name: path,
    liftsConstants: false,
    externalData: ({ location, byteLength }) => {
      locations.add(location);
      if (blank.length < byteLength) blank = new Uint8Array(byteLength);
      return blank.subarray(0, byteLength);
    },
  });
  return [path, ...[...locations].map((location) => join(dirname(path), location))];
}
