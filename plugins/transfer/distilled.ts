import type { Model } from 'onnx-lathe/onnx';
import type { TrainRequest } from 'onnx-lathe/train';
import { distillationLoss } from 'onnx-lathe/transfer';
import type { TransferOptions } from './check.js';

/** The validation loss stays that of the labels, so that it compares with plain training. */
export function distilled(
  hard: TrainRequest['loss'],
  teacher: Model,
  { temperature, alpha }: TransferOptions,
): Pick<TrainRequest, 'loss' | 'validationLoss'> {
  return { loss: distillationLoss({ teacher, hard, temperature, alpha }), validationLoss: hard };
}
