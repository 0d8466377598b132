import { ByteReader } from './byte-reader.js';
import { defineDataset } from './dataset.js';
import { ARRAY_OPTIONS, type ArrayPair, datasetFromArrays } from './from-arrays.js';
import { readNpy, readNpyRows } from './npy-file.js';
import { STORAGE_OPTION, type StorageOption } from './storage.js';

const PAIR = {
  type: 'object',
  additionalProperties: false,
  required: ['x', 'y'],
  properties: {
    x: { type: 'string', 'x-lathe': 'file', description: 'Samples [N, …]: .npy file.' },
    y: { type: 'string', 'x-lathe': 'file', description: 'Classes [N], or values [N, …] to regress: .npy file.' },
  },
} as const;

/** NumPy's .npy files: one of samples and one of targets. */
export const npy = defineDataset({
  name: 'npy',
  revision: 1,
  summary: 'Samples and targets in two NumPy files, as numpy.save writes them.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['train'],
    properties: {
      train: { ...PAIR, description: 'Files to train on.' },
      test: { ...PAIR, description: 'Files to test on.' },
      ...ARRAY_OPTIONS,
      storage: STORAGE_OPTION,
    },
  } as const,
  async open({ options, signal }) {
    const train = await readPair(options.train, options.storage, signal);
    const test = options.test === undefined ? null : await readPair(options.test, options.storage, signal);
    return datasetFromArrays(train, test, options);
  },
});

async function readPair(
  files: { readonly x: string; readonly y: string },
  storage: StorageOption,
  signal: AbortSignal,
): Promise<ArrayPair> {
  const y = await readFile(files.y, signal, readNpy);
  const x = await readFile(files.x, signal, (reader) => readNpyRows(reader, storage));
  return { x, xName: files.x, y, yName: files.y };
}

async function readFile<T>(path: string, signal: AbortSignal, read: (reader: ByteReader) => Promise<T>): Promise<T> {
  const reader = await ByteReader.open(path, signal);
  try {
    return await read(reader);
  } finally {
    await reader.close();
  }
}
