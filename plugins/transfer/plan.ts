import { type Model, selectTensors, weightBytes } from 'onnx-lathe/onnx';
import {
  atOption,
  type Dataset,
  type PreviewContext,
  type StagePreview,
  type TrainingOptions,
} from 'onnx-lathe/plugin';
import { masksFromZeros, previewTraining, requestFromOptions, type TrainingPreview } from 'onnx-lathe/train';
import { copyWeights } from 'onnx-lathe/transfer';
import { giverSlot, type TransferOptions } from './check.js';
import { distilled } from './distilled.js';

type TransferPreview = PreviewContext<TransferOptions>;

export async function plan(stage: TransferPreview): Promise<StagePreview> {
  const { options, inputs } = stage;
  const data = options.data === undefined ? null : await stage.data(options.data);
  const { network } = options;
  const target = network === undefined ? inputs.model! : await atOption('network', () => stage.network(network, data!));
  const giver = inputs[giverSlot(options, Object.keys(inputs))]!;
  if (target === null || giver === null) return {};

  let start = target.model;
  const matches: Record<string, readonly string[]> = {};
  if (options.method === 'copy') {
    const { model, entries } = atOption('map', () =>
      copyWeights(giver.model, start, { map: options.map, shapes: options.shapes }),
    );
    matches.map = entries.flatMap(({ status, target: name }) => (status === 'copied' && name !== null ? [name] : []));
    start = model;
  }
  const hasWeights = target.hasWeights && giver.hasWeights;
  if (options.epochs === 0) {
    const memory = 4 * (weightBytes(start) + weightBytes(giver.model));
    return { outputs: { model: { model: start, hasWeights } }, matches, memory };
  }
  const { freeze } = options;
  const frozen = freeze === undefined ? [] : atOption('freeze', () => selectTensors(start, freeze));
  if (freeze !== undefined) matches.freeze = frozen;
  const { model, ...needs } = await finetuned(stage, { start, data: data!, giver: giver.model, frozen });
  return { outputs: { model: { model, hasWeights: false } }, matches, ...needs };
}

interface Finetuning {
  readonly start: Model;
  readonly data: Dataset;
  readonly giver: Model;
  readonly frozen: readonly string[];
}

function finetuned(
  { options, random }: TransferPreview,
  { start, data, giver, frozen }: Finetuning,
): Promise<TrainingPreview> {
  const request = requestFromOptions(options as TrainingOptions, data.target);
  return previewTraining({
    ...request,
    ...(options.method === 'distill' ? distilled(request.loss, giver, options) : {}),
    model: start,
    data,
    random,
    frozen: new Set(frozen),
    masks: options.keepZeros ? masksFromZeros(start) : new Map(),
  });
}
