import { atOption, type OptionsOf, type PreviewContext, type StagePreview } from 'onnx-lathe/plugin';
import { previewTraining, requestFromOptions } from 'onnx-lathe/train';
import type { options } from './options.js';
import { penalizedWeights } from './penalized.js';

type L1Preview = PreviewContext<OptionsOf<typeof options>>;

/** How many weights the penalty brings to 0 is not known: at most all stay. */
export async function plan(stage: L1Preview): Promise<StagePreview> {
  const { options, inputs, random } = stage;
  const data = await stage.data(options.data);
  const request = requestFromOptions(options, data.target);
  if (inputs.model === null) return {};
  const start = inputs.model!.model;
  const penalized = atOption('select', () => penalizedWeights(start, options.select)).map(({ name }) => name);
  const { model, ...needs } = await previewTraining({ ...request, model: start, data, random });
  return { outputs: { model: { model, hasWeights: false } }, matches: { select: penalized }, ...needs };
}
