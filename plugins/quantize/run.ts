import type { Model, OptionsOf, StageContext } from 'onnx-lathe/plugin';
import {
  calibrationBatches,
  compareOutputs,
  nodeSelection,
  type QuantizationReport,
  quantizableWeights,
  quantizeDynamic,
  quantizeStatic,
  quantizeWeights,
} from 'onnx-lathe/quantize';
import { Session } from 'onnx-lathe/runtime';
import type { options } from './options.js';

type QuantizeStage = StageContext<OptionsOf<typeof options>>;

export async function run({
  options,
  inputs,
  data: openData,
  random,
  provider,
  log,
  metric,
}: QuantizeStage): Promise<{ model: Model }> {
  const model = await inputs.model!.load();
  const { model: quantized, report } = await quantize(model);
  // A model that onnxruntime refuses is this stage's failure, not that of whoever runs it first.
  await (await Session.create(quantized, { name: 'the quantized model' })).release();

  log.info('quantized', { tensors: report.quantized.map(({ name }) => name) });
  for (const { name, reason } of report.float) log.debug(`${name} stays float: ${reason}`);
  metric('quantizedTensors', report.quantized.length);
  metric(
    'scales',
    report.quantized.map((entry) => ({ ...entry })),
  );
  metric(
    'floatTensors',
    report.float.map((entry) => ({ ...entry })),
  );
  return { model: quantized };

  async function quantize(source: Model): Promise<{ model: Model; report: QuantizationReport }> {
    const { method, granularity, select, calibrate } = options;
    if (method === 'weights') {
      const { scheme, center } = options;
      return quantizeWeights(source, { weights: quantizableWeights(source, select), scheme, center, granularity });
    }
    const isSelected = nodeSelection(source, select);
    if (method === 'dynamic') {
      return quantizeDynamic(source, { isSelected, granularity, convolutions: options.convolutions });
    }
    const data = await openData(calibrate!.data);
    const calibration = calibrationBatches(source, { ...calibrate!, data }, random.derive('calibration'));
    log.info('calibrating', { samples: calibration.samples, split: calibrate!.split });
    const result = await quantizeStatic(source, { isSelected, granularity, calibration, provider });
    metric('maxAbsDiff', await compareOutputs(source, result.model, calibration));
    return result;
  }
}
