import { chooseSplit, evaluationMemory, taskOf } from 'onnx-lathe/evaluate';
import { atOption, type OptionsOf, type PreviewContext, type StagePreview } from 'onnx-lathe/plugin';
import type { options } from './options.js';

type EvaluatePreview = PreviewContext<OptionsOf<typeof options>>;

/** Whether the models take the samples, and give what compares with the labels. */
export async function plan(stage: EvaluatePreview): Promise<StagePreview> {
  const { options, inputs } = stage;
  const data = await stage.data(options.data);
  if (options.split === undefined) chooseSplit(data);
  else atOption('split', () => chooseSplit(data, options.split));
  const against = options.against === undefined ? null : stage.model(options.against);
  if (inputs.model !== null) atOption('data', () => taskOf(inputs.model!.model, data, 'the model'));
  if (against !== null) atOption('against', () => taskOf(against.model, data, `"${options.against}"`));
  if (inputs.model === null || (against === null && options.against !== undefined)) return {};
  const models = [inputs.model!, ...(against === null ? [] : [against])].map(({ model }) => model);
  const memory = evaluationMemory(models, { batch: options.batch, data });
  return memory === null ? {} : { memory };
}
