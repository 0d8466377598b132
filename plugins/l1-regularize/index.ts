import { defineStage, TRAINING_METRICS } from 'onnx-lathe/plugin';
import { options } from './options.js';

export default defineStage({
  name: 'l1-regularize',
  revision: 1,
  summary: 'Goes on training under the penalty λ Σ|w|, so that many weights become 0.',
  options,
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: {
    ...TRAINING_METRICS,
    nonzeroPerLayer: { unit: '' },
    nonzeroShare: { unit: 'ratio', better: 'lower' },
  },
  computes: true,
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});
