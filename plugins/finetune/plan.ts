import { selectTensors } from 'onnx-lathe/onnx';
import { atOption, type OptionsOf, type PreviewContext, type StagePreview } from 'onnx-lathe/plugin';
import { masksFromZeros, previewTraining, requestFromOptions } from 'onnx-lathe/train';
import type { options } from './options.js';

type FinetunePreview = PreviewContext<OptionsOf<typeof options>>;

export async function plan(stage: FinetunePreview): Promise<StagePreview> {
  const { options, inputs, random } = stage;
  const data = await stage.data(options.data);
  const request = requestFromOptions(options, data.target);
  if (inputs.model === null) return {};
  const start = inputs.model!.model;
  const { freeze } = options;
  const frozen = freeze === undefined ? [] : atOption('freeze', () => selectTensors(start, freeze));
  const masks = options.keepZeros ? { masks: masksFromZeros(start) } : {};
  const preview = { ...request, model: start, data, random, frozen: new Set(frozen), ...masks };
  const { model, ...needs } = await previewTraining(preview);
  return {
    outputs: { model: { model, hasWeights: false } },
    ...needs,
    ...(freeze === undefined ? {} : { matches: { freeze: frozen } }),
  };
}
