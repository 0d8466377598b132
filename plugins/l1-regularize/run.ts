import type { Model, OptionsOf, StageContext } from 'onnx-lathe/plugin';
import {
  countNonzero,
  nonzeroPerTensor,
  reportTraining,
  requestFromOptions,
  requestFromStage,
  train,
} from 'onnx-lathe/train';
import type { options } from './options.js';
import { penalizedWeights } from './penalized.js';

type L1Stage = StageContext<OptionsOf<typeof options>>;

export async function run(stage: L1Stage): Promise<{ model: Model }> {
  const { options, inputs, log } = stage;
  const data = await stage.data(options.data);
  const model = await inputs.model!.load();
  const weights = penalizedWeights(model, options.select);
  const penalized = weights.map(({ name }) => name);
  const total = weights.reduce((sum, { dims }) => sum + product(dims), 0);
  // Frozen weights are penalized in vain: training does not give them.
  const before = nonzeroPerTensor(model, penalized);
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
      const nonzero = { ...before };
      for (const name of penalized.filter((name) => values.has(name))) nonzero[name] = countNonzero(values.get(name)!);
      log.info('nonzero weights', nonzero);
      share = shareOf(nonzero, total);
    },
  });
  const nonzero = nonzeroPerTensor(result.model, penalized);
  stage.metric('nonzeroPerLayer', nonzero);
  stage.metric('nonzeroShare', shareOf(nonzero, total));
  reportTraining(stage, result);
  return { model: result.model };
}

function shareOf(nonzero: Readonly<Record<string, number>>, total: number): number {
  return Object.values(nonzero).reduce((sum, count) => sum + count, 0) / total;
}

function product(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}
