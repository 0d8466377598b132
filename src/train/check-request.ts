import { UserError } from '../core/errors.js';
import type { Dim, ValueInfo } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import type { TrainRequest } from './request.js';

/** Refuses what can be seen to be impossible before any graph is built. Throws UserError with a code TRAIN_…. */
export function checkRequest(request: TrainRequest): void {
  checkNumbers(request);
  checkInput(request);
  checkValidation(request);
}

function checkNumbers({ batch, accumulate = 1, length, shards, data }: TrainRequest): void {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new UserError('TRAIN_BATCH', `The batch is ${batch}.`, 'It must be a whole number, 1 or more.');
  }
  if (!Number.isInteger(accumulate) || accumulate < 1) {
    throw new UserError(
      'TRAIN_ACCUMULATE',
      `\`accumulate\` is ${accumulate}.`,
      'It must be a whole number of batches, 1 or more.',
    );
  }
  const amount = 'epochs' in length ? length.epochs : length.steps;
  if (!(amount > 0) || !Number.isFinite(amount) || ('steps' in length && !Number.isInteger(amount))) {
    const unit = 'epochs' in length ? 'epochs' : 'steps';
    throw new UserError(
      'TRAIN_LENGTH',
      `Training is to last ${amount} ${unit}.`,
      unit === 'epochs' ? 'It must be more than 0; a fraction is allowed.' : 'It must be a whole number, 1 or more.',
    );
  }
  if (
    shards !== undefined &&
    (!Number.isInteger(shards) || shards < 1 || effectiveBatch(batch, data.train.count) % shards !== 0)
  ) {
    throw new UserError(
      'TRAIN_SHARDS',
      `A batch of ${effectiveBatch(batch, data.train.count)} samples cannot be split into ${shards} equal shards.`,
      'Choose a number of shards that divides the batch.',
    );
  }
  if (data.train.count === 0) {
    throw new UserError('TRAIN_NO_DATA', 'The training split has no samples.', 'Check the data set and its split.');
  }
}

/** A set that is smaller than the batch is one batch. */
export function effectiveBatch(batch: number, count: number): number {
  return Math.min(batch, count);
}

/** A set that is smaller than a step has as many batches a step as it has at all. */
export function effectiveAccumulation(accumulate: number, batch: number, count: number): number {
  return Math.min(accumulate, Math.floor(count / batch));
}

function checkInput({ model, data }: TrainRequest): void {
  const [input, ...others] = model.graph.inputs;
  if (input === undefined || others.length > 0) {
    const names = model.graph.inputs.map(({ name }) => name).join(', ');
    throw new UserError(
      'TRAIN_INPUTS',
      `The network has ${model.graph.inputs.length} inputs${names === '' ? '' : ` (${names})`}.`,
      'Training needs exactly one, which receives the samples.',
    );
  }
  if (input.dataType !== 'float32' || !matches(input, data.inputShape)) {
    throw new UserError(
      'TRAIN_INPUT_MISMATCH',
      `The network's input "${input.name}" is ${input.dataType} ${shapeText(input.shape)}, ` +
        `but a sample of the data is float32 ${shapeText(data.inputShape)}.`,
      'Use data of that shape (after the batch dimension), or a network for this shape.',
    );
  }
}

function matches(input: ValueInfo, sample: readonly number[]): boolean {
  if (input.shape === null) return true;
  const dims = input.shape.slice(1);
  return dims.length === sample.length && dims.every((dim, i) => typeof dim !== 'number' || dim === sample[i]);
}

function shapeText(shape: readonly Dim[] | null): string {
  return shape === null ? '(any shape)' : `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
}

function checkValidation({ keep, stopAt, data }: TrainRequest): void {
  const wants = keep === 'best' ? 'keep: best' : stopAt === undefined ? null : 'stopAt';
  if (wants !== null && data.validation === null) {
    throw new UserError(
      'TRAIN_NO_VALIDATION',
      `\`${wants}\` needs a validation split, and the data set has none.`,
      'Give the data set a split, for instance `split: { validation: 0.1 }`, or leave the option out.',
    );
  }
  if (stopAt !== undefined && data.target.kind !== 'class') {
    throw new UserError(
      'TRAIN_NO_ACCURACY',
      '`stopAt` waits for an accuracy, but the labels of the data set are values, not classes.',
      'Leave `stopAt` out.',
    );
  }
}

/** Refuses a network whose first output does not fit the labels. @param shape of the output, without its batch dimension */
export function checkOutput(shape: readonly Dim[], { data }: Pick<TrainRequest, 'data'>): void {
  if (shape.some((dim) => typeof dim !== 'number')) return;
  const { target } = data;
  const outputs = sizeOf(shape as readonly number[]);
  const wanted = target.kind === 'class' ? target.classes : sizeOf(target.shape);
  if (outputs === wanted && (target.kind === 'value' || shape.length === 1)) return;
  throw new UserError(
    'TRAIN_OUTPUT_MISMATCH',
    `The network gives ${shape.length === 1 ? `${outputs} outputs` : `outputs of shape ${shapeText(shape)}`}, ` +
      `the data has ${target.kind === 'class' ? `${wanted} classes` : `${wanted} values a sample`}.`,
    'Give the network as many outputs as the data has labels.',
  );
}
