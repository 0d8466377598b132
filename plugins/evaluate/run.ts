import { chooseSplit, countMacs, evaluateModel, fileSize, modelFiles, modelSize } from 'onnx-lathe/evaluate';
import type { Dataset, Json, Logger, Model, OptionsOf, StageContext } from 'onnx-lathe/plugin';
import { miscomputedByWebgpu } from 'onnx-lathe/runtime';
import type { options } from './options.js';

type EvaluateStage = StageContext<OptionsOf<typeof options>>;

export async function run({
  options,
  inputs,
  model,
  data,
  provider,
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
  if (provider === 'webgpu') warnOfWebgpu([subject, ...(against === null ? [] : [against])], log);
  const result = await evaluateModel({
    subject,
    against,
    data: dataset,
    samples: split.samples,
    batch: options.batch,
    provider,
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

/** A model is measured as it is deployed, with the mistakes that it is computed with there. */
function warnOfWebgpu(subjects: readonly { readonly model: Model; readonly name: string }[], log: Logger): void {
  for (const { model, name } of subjects) {
    const nodes = miscomputedByWebgpu(model);
    if (nodes.length > 0) log.warn(`this onnxruntime computes some nodes of ${name} wrongly on WebGPU`, { nodes });
  }
}

/** Values by class name; by class index where the data set names no classes. */
function byClassName(data: Dataset, values: readonly (number | null)[]): Record<string, number | null> {
  const names = data.target.kind === 'class' ? data.target.names : undefined;
  return Object.fromEntries(values.map((value, index) => [names?.[index] ?? String(index), value]));
}
