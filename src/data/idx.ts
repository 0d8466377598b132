import { UserError } from '../core/errors.js';
import { assembleDataset, COMMON_OPTIONS } from './assemble.js';
import { defineDataset } from './dataset.js';
import { readIdx, readIdxRows } from './idx-file.js';
import { checkCounts, checkLabels, countClasses } from './labels.js';
import { STORAGE_OPTION, type StorageOption } from './storage.js';
import type { Stored } from './stored.js';

const PAIR = {
  type: 'object',
  additionalProperties: false,
  required: ['images', 'labels'],
  properties: {
    images: { type: 'string', 'x-lathe': 'file', description: 'IDX file of images, gzipped or not.' },
    labels: { type: 'string', 'x-lathe': 'file', description: 'IDX file of labels, gzipped or not.' },
  },
} as const;

/** IDX files, the format of MNIST and its successors. Images stay uint8 in memory. */
export const idx = defineDataset({
  name: 'idx',
  revision: 1,
  summary: 'Images and labels in IDX files, the format of MNIST and Fashion-MNIST, gzipped or not.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['train'],
    properties: {
      train: { ...PAIR, description: 'Files to train on.' },
      test: { ...PAIR, description: 'Files to test on.' },
      classes: {
        type: 'integer',
        minimum: 2,
        description: 'Number of classes; default: the highest training label plus one.',
      },
      ...COMMON_OPTIONS,
      storage: STORAGE_OPTION,
    },
  } as const,
  async open({ options, signal }) {
    const train = await readPair(options.train, options.storage, signal);
    const test = options.test === undefined ? null : await readPair(options.test, options.storage, signal);
    const classes = options.classes ?? countClasses(train.labels);
    checkLabels(train.labels, classes, options.train.labels);
    if (test !== null) checkLabels(test.labels, classes, options.test!.labels);
    return assembleDataset({ train, test, target: { kind: 'class', classes } }, options);
  },
});

async function readPair(
  files: { readonly images: string; readonly labels: string },
  storage: StorageOption,
  signal: AbortSignal,
): Promise<Stored & { labels: Int32Array }> {
  const labels = await readIdx(files.labels, signal);
  if (labels.dims.length !== 1) throw wrongRole(files.labels, labels.dims, 'labels have 1 dimension');
  const images = await readIdxRows(files.images, signal, storage);
  if (images.dims.length < 2) throw wrongRole(files.images, images.dims, 'images have at least 2');
  const [count = 0, ...sample] = images.dims;
  checkCounts(count, files.images, labels.dims[0]!, files.labels);
  return {
    source: files.images,
    count,
    shape: sample.length === 2 ? [1, ...sample] : sample,
    values: images.bytes,
    labels: Int32Array.from(labels.bytes),
  };
}

function wrongRole(file: string, dims: readonly number[], expectation: string): UserError {
  return new UserError(
    'DATA_SHAPE',
    `${file} has the shape [${dims.join(', ')}], but ${expectation}.`,
    'Are the paths of images and labels swapped?',
  );
}
