import { defineStage } from 'onnx-lathe/plugin';
import { criterionOf } from './criterion.js';
import { options } from './options.js';

export default defineStage({
  name: 'prune',
  revision: 1,
  summary: 'Sets the weights of smallest magnitude to 0, at once or step by step with training in between.',
  options,
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: {
    sparsity: { unit: 'ratio', better: 'higher' },
    nonzeroParameters: { unit: 'count', better: 'lower' },
    weightSparsity: { unit: 'ratio', better: 'higher' },
    threshold: { unit: '' },
    perLayer: { unit: '' },
  },
  computes: true,
  check({ options }) {
    criterionOf(options, 'prune');
    for (const { with: criterion } of options.overrides ?? []) criterionOf(criterion, 'overrides');
  },
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});
