import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../core/package-root.js';
import { assembleDataset, COMMON_OPTIONS } from './assemble.js';
import { defineDataset } from './dataset.js';

const SIDE = 8;
const PIXELS = SIDE * SIDE;
const LARGEST_PIXEL = 16;

/** scikit-learn's handwritten digits, which ship with the package: 1,797 images 8×8, see pipelines/data/digits/README.md. */
export const digits = defineDataset({
  name: 'digits',
  revision: 1,
  summary: 'Handwritten digits that ship with Lathe: 1,797 grey images of 8×8 pixels in 10 classes.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...COMMON_OPTIONS,
      split: { ...COMMON_OPTIONS.split, default: { validation: 180, test: 360, seed: 0, stratify: false } },
    },
  } as const,
  async open({ options }) {
    const file = join(packageRoot(), 'pipelines/data/digits/digits.csv.gz');
    const lines = gunzipSync(await readFile(file))
      .toString('latin1')
      .trimEnd()
      .split('\n');
    const values = new Uint8Array(lines.length * PIXELS);
    const labels = new Int32Array(lines.length);
    lines.forEach((line, sample) => {
      const numbers = line.split(',').map(Number);
      values.set(numbers.slice(0, PIXELS), sample * PIXELS);
      labels[sample] = numbers[PIXELS]!;
    });
    const train = { source: file, count: lines.length, shape: [1, SIDE, SIDE], values, labels };
    return assembleDataset(
      { train, test: null, target: { kind: 'class', classes: 10 }, largest: LARGEST_PIXEL },
      options,
    );
  },
});
