import type { ExecuteOptions } from '../../src/run/executor.js';
import type { Job } from '../../src/run/job.js';

/** A job for test/fixtures/run/child.mjs; what it does is in its option `what`. */
export const JOB: Omit<Job, 'options' | 'staging'> = {
  cell: 'pruned',
  uses: 'prune',
  plugin: null,
  plugins: [],
  inputs: {},
  models: {},
  data: {},
  networks: {},
  seed: '1',
  provider: 'cpu',
  cores: 1,
  checkpoint: null,
};

export const OPTIONS: ExecuteOptions = {
  signal: new AbortController().signal,
  timeoutMs: null,
  onEvent: () => {},
  alone: async () => () => {},
};
