import { SELECT_OPTION, selectTensors } from 'onnx-lathe/onnx';
import { defineStage, UserError } from 'onnx-lathe/plugin';
import {
  countNonzero,
  nonzeroPerTensor,
  reportTraining,
  requestFromOptions,
  requestFromStage,
  TRAINING_METRICS,
  TRAINING_OPTIONS,
  train,
  trainableParameters,
} from 'onnx-lathe/train';

export default defineStage({
  name: 'l1-regularize',
  revision: 1,
  summary: 'Goes on training under the penalty λ Σ|w|, so that many weights become 0.',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['data'],
    properties: {
      lambda: { type: 'number', minimum: 0, default: 1e-4, description: 'Strength of the penalty.' },
      method: {
        type: 'string',
        enum: ['proximal', 'subgradient'],
        default: 'proximal',
        description: 'proximal gives exact zeros; subgradient only small weights, to be pruned afterwards.',
      },
      select: SELECT_OPTION,
      ...TRAINING_OPTIONS,
      // The best epoch would often be the first, with the fewest zeros.
      keep: { ...TRAINING_OPTIONS.keep, default: 'last' },
    },
  },
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: {
    ...TRAINING_METRICS,
    nonzeroPerLayer: { unit: '' },
    nonzeroShare: { unit: 'ratio', better: 'lower' },
  },
  computes: true,
  async run(stage) {
    const { options, inputs, log } = stage;
    const data = await stage.data(options.data);
    const model = await inputs.model!.load();
    const weights = trainableParameters(model).filter(({ role }) => role === 'weight');
    const selected = new Set(selectTensors(model, options.select));
    const penalized = weights.map(({ name }) => name).filter((name) => selected.has(name));
    if (penalized.length === 0) {
      throw new UserError(
        'L1_NOTHING',
        '`select` leaves no weight to penalize: biases and normalizations are never penalized.',
        `The weights are ${weights.map(({ name }) => name).join(', ')}.`,
      );
    }
    const total = weights
      .filter(({ name }) => penalized.includes(name))
      .reduce((sum, { dims }) => sum + product(dims), 0);
    let share = 1;
    const request = requestFromStage(stage, () => ({ nonzeroShare: share }));
    const result = await train({
      ...requestFromOptions(options, data.target),
      ...request,
      model,
      data,
      regularizer: { kind: 'l1', lambda: options.lambda, method: options.method, parameters: new Set(penalized) },
      async onEpoch(state) {
        await request.onEpoch(state);
        const values = await state.readWeights();
        const nonzero = Object.fromEntries(penalized.map((name) => [name, countNonzero(values.get(name)!)]));
        log.info('nonzero weights', nonzero);
        share = shareOf(nonzero, total);
      },
    });
    const nonzero = nonzeroPerTensor(result.model, penalized);
    stage.metric('nonzeroPerLayer', nonzero);
    stage.metric('nonzeroShare', shareOf(nonzero, total));
    reportTraining(stage, result);
    return { model: result.model };
  },
});

function shareOf(nonzero: Readonly<Record<string, number>>, total: number): number {
  return Object.values(nonzero).reduce((sum, count) => sum + count, 0) / total;
}

function product(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}
