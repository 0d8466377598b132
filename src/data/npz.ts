import { defineDataset } from './dataset.js';
import { ARRAY_OPTIONS, type ArrayPair, datasetFromArrays } from './from-arrays.js';
import { readNpz } from './npz-file.js';

const SOURCE = {
  type: 'object',
  additionalProperties: false,
  required: ['file'],
  properties: {
    file: { type: 'string', 'x-lathe': 'file', description: '.npz file, compressed or not.' },
    x: { type: 'string', default: 'x', description: 'Name of the array of samples [N, …].' },
    y: { type: 'string', default: 'y', description: 'Name of the array of classes [N], or of values [N, …].' },
  },
} as const;

/** NumPy's .npz archives: several named arrays in one file. */
export const npz = defineDataset({
  name: 'npz',
  revision: 1,
  summary: 'Samples and targets by name in NumPy archives, as numpy.savez and savez_compressed write them.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['train'],
    properties: {
      train: { ...SOURCE, description: 'What to train on.' },
      test: { ...SOURCE, description: 'What to test on; the same file under other names, or another file.' },
      ...ARRAY_OPTIONS,
    },
  } as const,
  async open({ options, signal }) {
    const train = await readPair(options.train, signal);
    const test = options.test === undefined ? null : await readPair(options.test, signal);
    return datasetFromArrays(train, test, options);
  },
});

async function readPair(
  source: { readonly file: string; readonly x: string; readonly y: string },
  signal: AbortSignal,
): Promise<ArrayPair> {
  const arrays = await readNpz(source.file, [source.x, source.y], signal);
  return {
    x: arrays.get(source.x)!,
    xName: `${source.file}:${source.x}`,
    y: arrays.get(source.y)!,
    yName: `${source.file}:${source.y}`,
  };
}
