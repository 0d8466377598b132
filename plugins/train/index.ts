import { defineStage, UserError } from 'onnx-lathe/plugin';
import {
  reportTraining,
  requestFromOptions,
  requestFromStage,
  TRAINING_METRICS,
  TRAINING_OPTIONS,
  train,
} from 'onnx-lathe/train';

export default defineStage({
  name: 'train',
  revision: 1,
  summary: 'Trains a network from fresh weights, or goes on with a model.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['data'],
    properties: {
      network: {
        type: 'string',
        'x-lathe': 'network',
        description: 'The network to start with fresh weights; leave it out to go on with the model given by from.',
      },
      ...TRAINING_OPTIONS,
    },
  },
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
  async run(stage) {
    const { options, inputs, log } = stage;
    const data = await stage.data(options.data);
    const model =
      options.network === undefined
        ? await inputs.model!.load()
        : await stage.network(options.network, data, stage.random.derive('network'));
    const result = await train({
      ...requestFromOptions(options, data.target),
      ...requestFromStage(stage),
      model,
      data,
    });
    log.info(`trained ${result.steps} steps`, { batch: result.batch, shards: result.shards });
    reportTraining(stage, result);
    return { model: result.model };
  },
});
