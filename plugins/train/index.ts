import { defineStage, TRAINING_METRICS, UserError } from 'onnx-lathe/plugin';
import { options } from './options.js';

export default defineStage({
  name: 'train',
  revision: 1,
  summary: 'Trains a network from fresh weights, or goes on with a model.',
  options,
  inputs: { model: { type: 'model', optional: true } },
  outputs: { model: 'model' },
  metrics: TRAINING_METRICS,
  computes: true,
  check({ options, inputs }) {
    const hasModel = inputs.includes('model');
    if (options.network !== undefined && hasModel) {
      throw new UserError(
        'TRAIN_NETWORK_AND_MODEL',
        `train is given the network "${options.network}" and a model to go on with.`,
        'Leave out `network` to go on with the model, or `from` to begin afresh.',
      );
    }
    if (options.network === undefined && !hasModel) {
      throw new UserError(
        'TRAIN_NO_NETWORK',
        'train has neither a network nor a model.',
        'Give it a network (`network: lenet5`), or a model with `from`.',
      );
    }
  },
  plan: async (stage) => (await import('./plan.js')).plan(stage),
  run: async (stage) => (await import('./run.js')).run(stage),
});
