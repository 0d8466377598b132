import { selectTensors } from 'onnx-lathe/onnx';
import type { Model, OptionsOf, StageContext } from 'onnx-lathe/plugin';
import {
  masksFromZeros,
  nonzeroPerTensor,
  reportTraining,
  requestFromOptions,
  requestFromStage,
  train,
} from 'onnx-lathe/train';
import type { options } from './options.js';

type FinetuneStage = StageContext<OptionsOf<typeof options>>;

export async function run(stage: FinetuneStage): Promise<{ model: Model }> {
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
}
