import { atOption, type Model, type OptionsOf, type PreviewContext, type StagePreview } from 'onnx-lathe/plugin';
import {
  calibrationBatches,
  nodeSelection,
  previewStatic,
  type QuantizationReport,
  quantizableWeights,
  quantizationMemory,
  quantizeDynamic,
  quantizeWeights,
} from 'onnx-lathe/quantize';
import type { options } from './options.js';

type QuantizePreview = PreviewContext<OptionsOf<typeof options>>;

export async function plan(stage: QuantizePreview): Promise<StagePreview> {
  const { options, inputs, random } = stage;
  const data = options.calibrate === undefined ? null : await stage.data(options.calibrate.data);
  const start = inputs.model!;
  if (start === null) return {};
  if (data !== null) {
    atOption('calibrate', () => calibrationBatches(start.model, { ...options.calibrate!, data }, random));
  }
  const { model, report } = atOption('select', () => quantized(start.model, options));
  // Scales follow from the weights: integers of stand-ins are stand-ins.
  const hasWeights = start.hasWeights && options.method !== 'static';
  const memory = quantizationMemory(start.model, data === null ? null : { batch: options.calibrate!.batch, data });
  return {
    outputs: { model: { model, hasWeights } },
    matches: { select: report.quantized.map(({ name }) => name) },
    ...(memory !== null && { memory }),
  };
}

function quantized(
  model: Model,
  { method, scheme, center, granularity, convolutions, select }: QuantizePreview['options'],
): { model: Model; report: QuantizationReport } {
  switch (method) {
    case 'weights':
      return quantizeWeights(model, { weights: quantizableWeights(model, select), scheme, center, granularity });
    case 'dynamic':
      return quantizeDynamic(model, { isSelected: nodeSelection(model, select), granularity, convolutions });
    case 'static':
      return previewStatic(model, { isSelected: nodeSelection(model, select), granularity });
  }
}
