export const options = {
  type: 'object',
  additionalProperties: false,
  required: ['data'],
  properties: {
    data: { type: 'string', 'x-lathe': 'dataset', description: 'The data set to evaluate on.' },
    split: {
      type: 'string',
      enum: ['test', 'validation', 'train'],
      description: 'The split to run; without it test, else validation, else train.',
    },
    against: {
      type: 'string',
      'x-lathe': 'model',
      description: 'A stage or model to compare outputs with: gives agreement and maxAbsDiff.',
    },
    batch: { type: 'integer', minimum: 1, default: 256, description: 'Samples at a time; no metric depends on it.' },
    latency: {
      type: 'object',
      additionalProperties: false,
      default: {},
      description: 'How latency and throughput are measured.',
      properties: {
        runs: { type: 'integer', minimum: 1, default: 100, description: 'Timed runs.' },
        warmup: { type: 'integer', minimum: 0, default: 10, description: 'Runs before the clock starts.' },
        batch: { type: 'integer', minimum: 1, default: 1, description: 'Samples in each run.' },
        threads: { type: 'integer', minimum: 1, default: 1, description: 'Threads of onnxruntime.' },
      },
    },
  },
} as const;
