import { defineStage, TRAINING_METRICS } from 'onnx-lathe/plugin';
import { options } from './options.js';

export default defineStage({
  name: 'finetune',
  revision: 1,
  summary: 'Goes on training a model; what was pruned stays 0, what is frozen keeps its bits.',
  options,
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: { ...TRAINING_METRICS, nonzeroPerLayer: { unit: '' } },
  computes: true,
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});
