import { defineStage } from 'onnx-lathe/plugin';
import { options } from './options.js';

export default defineStage({
  name: 'evaluate',
  revision: 1,
  summary: 'Measures a model: accuracy, loss, agreement with another model, size, operations, latency.',
  options,
  inputs: { model: 'model' },
  outputs: { model: { same: 'model' } },
  metrics: {
    accuracy: { unit: 'ratio', better: 'higher' },
    top5: { unit: 'ratio', better: 'higher' },
    loss: { unit: '', better: 'lower' },
    perClass: { unit: '' },
    confusion: { unit: '' },
    mse: { unit: '', better: 'lower' },
    agreement: { unit: 'ratio', better: 'higher' },
    maxAbsDiff: { unit: '', better: 'lower' },
    split: { unit: '' },
    samples: { unit: 'count' },
    parameters: { unit: 'count', better: 'lower' },
    nonzeroParameters: { unit: 'count', better: 'lower' },
    sparsity: { unit: 'ratio', better: 'higher' },
    macs: { unit: 'count', better: 'lower' },
    modelBytes: { unit: 'bytes', better: 'lower' },
    gzipBytes: { unit: 'bytes', better: 'lower' },
    latencyMs: { unit: 'ms', better: 'lower', parts: ['p50', 'p95'] },
    throughputPerS: { unit: '', better: 'higher', varies: true },
  },
  computes: true,
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});
