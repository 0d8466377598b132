import type { Model, OptionsOf, StageContext } from 'onnx-lathe/plugin';
import { reportTraining, requestFromOptions, requestFromStage, train } from 'onnx-lathe/train';
import type { options } from './options.js';

type TrainStage = StageContext<OptionsOf<typeof options>>;

export async function run(stage: TrainStage): Promise<{ model: Model }> {
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
}
