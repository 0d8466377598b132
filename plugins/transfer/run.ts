import { type Model, selectTensors } from 'onnx-lathe/onnx';
import type { Dataset, StageContext, TrainingOptions } from 'onnx-lathe/plugin';
import { masksFromZeros, reportTraining, requestFromOptions, requestFromStage, train } from 'onnx-lathe/train';
import { type CopyEntry, copyWeights } from 'onnx-lathe/transfer';
import { giverSlot, type TransferOptions } from './check.js';
import { distilled } from './distilled.js';

export async function run(stage: StageContext<TransferOptions>): Promise<{ model: Model }> {
  const { options, inputs, log, metric } = stage;
  const data = options.data === undefined ? null : await stage.data(options.data);
  const giver = await inputs[giverSlot(options, Object.keys(inputs))]!.load();
  const target =
    options.network === undefined
      ? await inputs.model!.load()
      : await stage.network(options.network, data!, stage.random.derive('network'));

  let start = target;
  if (options.method === 'copy') {
    const { model, entries } = copyWeights(giver, target, { map: options.map, shapes: options.shapes });
    for (const entry of entries) log.info(entryText(entry));
    metric(
      'mapping',
      entries.map((entry) => ({ ...entry })),
    );
    start = model;
  }
  if (options.epochs === 0) return { model: start };
  return { model: await finetune(stage, { start, data: data!, giver }) };
}

interface Finetuning {
  readonly start: Model;
  readonly data: Dataset;
  readonly giver: Model;
}

/** Trains the target on the labels, and with method distill on the giver's logits too. */
async function finetune(stage: StageContext<TransferOptions>, { start, data, giver }: Finetuning): Promise<Model> {
  const { options } = stage;
  const request = requestFromOptions(options as TrainingOptions, data.target);
  const result = await train({
    ...request,
    ...(options.method === 'distill' ? distilled(request.loss, giver, options) : {}),
    ...requestFromStage(stage),
    model: start,
    data,
    frozen: new Set(options.freeze === undefined ? [] : selectTensors(start, options.freeze)),
    masks: options.keepZeros ? masksFromZeros(start) : new Map(),
  });
  reportTraining(stage, result);
  return result.model;
}

function entryText({ source, target, status, note }: CopyEntry): string {
  const names = source === null ? `→ ${target}` : target === null ? `${source} →` : `${source} → ${target}`;
  return `${status}: ${names}${note === null ? '' : ` (${note})`}`;
}
