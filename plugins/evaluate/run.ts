import { chooseSplit, countMacs, evaluateModel, fileSize, modelFiles, modelSize } from 'onnx-lathe/evaluate';
import type { Dataset, Json, OptionsOf, StageContext } from 'onnx-lathe/plugin';
import type { options } from './options.js';

type EvaluateStage = StageContext<OptionsOf<typeof options>>;

export async function run({
  options,
  inputs,
  model,
  data,
  signal,
  alone,
  log,
  progress,
  metric,
}: EvaluateStage): Promise<Record<string, never>> {
  const dataset = await data(options.data);
  const split = chooseSplit(dataset, options.split);
  log.info(`evaluating on the ${split.name} split`, { samples: split.samples.count });
  const input = inputs.model!;
  const subject = { model: await input.load(), path: input.path, name: 'the model' };

  const size = modelSize(subject.model);
  metric('parameters', size.parameters);
  metric('nonzeroParameters', size.nonzeroParameters);
  metric('sparsity', size.sparsity);
  const { macs, unknown } = countMacs(subject.model, dataset.inputShape);
  if (unknown.length === 0) metric('macs', macs);
  else log.warn('macs are left out: some shapes are known only while the model runs', { nodes: [...unknown] });
  const bytes = await fileSize(await modelFiles(input.path));
  metric('modelBytes', bytes.modelBytes);
  metric('gzipBytes', bytes.gzipBytes);

  const other = options.against === undefined ? null : model(options.against);
  const against = other === null ? null : { model: await other.load(), path: other.path, name: `"${options.against}"` };
  const result = await evaluateModel({
    subject,
    against,
    data: dataset,
    samples: split.samples,
    batch: options.batch,
    latency: options.latency,
    alone,
    signal,
    onProgress: (fraction) => progress({ fraction }),
  });
  metric('split', split.name);
  metric('samples', split.samples.count);
  if (result.classification !== null) {
    const { accuracy, top5, loss, perClass, confusion } = result.classification;
    metric('accuracy', accuracy);
    if (top5 !== null) metric('top5', top5);
    metric('loss', loss);
    metric('perClass', byClassName(dataset, perClass));
    metric('confusion', confusion as Json);
  }
  if (result.meanSquaredError !== null) {
    metric('loss', result.meanSquaredError);
    metric('mse', result.meanSquaredError);
  }
  if (result.comparison !== null) {
    if (result.comparison.agreement !== null) metric('agreement', result.comparison.agreement);
    metric('maxAbsDiff', result.comparison.maxAbsDiff);
  }
  metric('latencyMs', { ...result.latencyMs });
  metric('throughputPerS', result.throughputPerS);
  return {};
}

/** Values by class name; by class index where the data set names no classes. */
function byClassName(data: Dataset, values: readonly (number | null)[]): Record<string, number | null> {
  const names = data.target.kind === 'class' ? data.target.names : undefined;
  return Object.fromEntries(values.map((value, index) => [names?.[index] ?? String(index), value]));
}
