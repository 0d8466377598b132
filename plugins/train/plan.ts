import { atOption, type OptionsOf, type PreviewContext, type StagePreview } from 'onnx-lathe/plugin';
import { previewTraining, requestFromOptions } from 'onnx-lathe/train';
import type { options } from './options.js';

type TrainPreview = PreviewContext<OptionsOf<typeof options>>;

export async function plan(stage: TrainPreview): Promise<StagePreview> {
  const { options, inputs, random } = stage;
  const data = await stage.data(options.data);
  const request = requestFromOptions(options, data.target);
  const { network } = options;
  const start = network === undefined ? inputs.model! : await atOption('network', () => stage.network(network, data));
  if (start === null) return {};
  const { model, ...needs } = await previewTraining({ ...request, model: start.model, data, random });
  return { outputs: { model: { model, hasWeights: false } }, ...needs };
}
