import type { Model } from 'onnx-lathe/onnx';
import { defineStage, UserError } from 'onnx-lathe/plugin';
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
import { options } from './options.js';

export default defineStage({
  name: 'quantize',
  revision: 1,
  summary: 'Turns float weights, and with method static or dynamic the computation, into 8-bit integers.',
  options,
  inputs: { model: 'model' },
  outputs: { model: 'model' },
  metrics: {
    quantizedTensors: { unit: 'count', better: 'higher' },
    scales: { unit: '' },
    floatTensors: { unit: '' },
    maxAbsDiff: { unit: '', better: 'lower' },
  },
  computes: true,
  check({ options }) {
    const { method, scheme, center, convolutions, calibrate } = options;
    if (method === 'static' && calibrate === undefined) {
      throw contradiction('method: static needs samples', 'Add calibrate: { data: … }, or use method: dynamic.');
    }
    if (method !== 'static' && calibrate !== undefined) {
      throw contradiction(`method: ${method} takes no calibrate`, 'Remove it, or use method: static.');
    }
    if (method !== 'weights' && scheme === 'affine-uint8') {
      throw contradiction(
        `scheme: affine-uint8 belongs to method: weights, not to ${method}`,
        'Integer arithmetic uses symmetric int8 weights: remove scheme, or use method: weights.',
      );
    }
    if (scheme !== 'affine-uint8' && center === 'mean') {
      throw contradiction('center: mean has no meaning for symmetric weights', 'Add scheme: affine-uint8.');
    }
    if (method !== 'dynamic' && convolutions) {
      throw contradiction(`convolutions belongs to method: dynamic, not to ${method}`, 'Remove it.');
    }
  },
  async run({ options, inputs, data: openData, random, log, metric }) {
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
      const result = await quantizeStatic(source, { isSelected, granularity, calibration });
      metric('maxAbsDiff', await compareOutputs(source, result.model, calibration));
      return result;
    }
  },
});

function contradiction(problem: string, fix: string): UserError {
  return new UserError('QUANTIZE_OPTIONS', `${problem}.`, fix);
}
