import { SELECT_OPTION, selectTensors } from 'onnx-lathe/onnx';
import { defineStage } from 'onnx-lathe/plugin';
import {
  masksFromZeros,
  nonzeroPerTensor,
  reportTraining,
  requestFromOptions,
  requestFromStage,
  TRAINING_METRICS,
  TRAINING_OPTIONS,
  train,
} from 'onnx-lathe/train';

export default defineStage({
  name: 'finetune',
  revision: 1,
  summary: 'Goes on training a model; what was pruned stays 0, what is frozen keeps its bits.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['data'],
    properties: {
      keepZeros: { type: 'boolean', default: true, description: 'Weights that are 0 now stay 0.' },
      freeze: { ...SELECT_OPTION, description: 'Layers or tensors that are not trained.' },
      ...TRAINING_OPTIONS,
    },
  },
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: { ...TRAINING_METRICS, nonzeroPerLayer: { unit: '' } },
  computes: true,
  async run(stage) {
    const { options, inputs, log } = stage;
    const data = await stage.data(options.data);
    const model = await inputs.model!.load();
    const frozen = options.freeze === undefined ? [] : selectTensors(model, options.freeze);
    const masks = options.keepZeros ? masksFromZeros(model) : new Map<string, Uint8Array>();
    log.info('finetuning', { masked: [...masks.keys()], frozen: [...frozen] });
    const result = await train({
      ...requestFromOptions(options, data.target),
      ...requestFromStage(stage),
      model,
      data,
      frozen: new Set(frozen),
      ...(masks.size === 0 ? {} : { masks }),
    });
    if (masks.size > 0) stage.metric('nonzeroPerLayer', nonzeroPerTensor(result.model, [...masks.keys()]));
    reportTraining(stage, result);
    return { model: result.model };
  },
});
