import { defineStage } from 'onnx-lathe/plugin';
import { checkKeep } from './check-keep.js';
import { options } from './options.js';

export default defineStage({
  name: 'prune-channels',
  revision: 1,
  summary: 'Removes the least important channels of layers, with all that is tied to them: a smaller and faster model.',
  options,
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: {
    parameters: { unit: 'count', better: 'lower' },
    keptParameters: { unit: 'ratio', better: 'lower' },
    macs: { unit: 'count', better: 'lower' },
    keptMacs: { unit: 'ratio', better: 'lower' },
    keptChannels: { unit: 'ratio', better: 'lower' },
    perLayer: { unit: '' },
    frozen: { unit: '' },
  },
  computes: false,
  check({ options }) {
    checkKeep(options.keep);
    for (const { with: criterion } of options.overrides ?? []) checkKeep(criterion.keep);
  },
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});
