/** Data sets: the contract, and the table of built-in readers. */
export * from './dataset.js';
export { dataBytes } from './memory.js';

import { csv } from './csv.js';
import type { DatasetDefinition } from './dataset.js';
import { digits } from './digits.js';
import { idx } from './idx.js';
import { images } from './images.js';
import { npy } from './npy.js';
import { npz } from './npz.js';

/** Every reader that ships with Lathe, sorted by name. */
export const BUILT_IN_DATASETS: readonly DatasetDefinition[] = [csv, digits, idx, images, npy, npz];
