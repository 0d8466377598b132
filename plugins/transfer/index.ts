import { defineStage, TRAINING_METRICS } from 'onnx-lathe/plugin';
import { checkOptions } from './check.js';
import { options } from './options.js';

export default defineStage({
  name: 'transfer',
  revision: 1,
  summary: 'Passes what one model has learned to another: copies weights by name, or distils a teacher into a student.',
  options,
  inputs: {
    source: { type: 'model', optional: true },
    teacher: { type: 'model', optional: true },
    model: { type: 'model', optional: true },
  },
  outputs: { model: 'model' },
  metrics: { mapping: { unit: '' }, ...TRAINING_METRICS },
  computes: true,
  check({ options, inputs }) {
    checkOptions(options, inputs);
  },
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});
