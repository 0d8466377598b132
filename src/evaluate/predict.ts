import { setImmediate as nextTurn } from 'node:timers/promises';
import { UserError } from '../core/errors.js';
import type { Samples, Target } from '../data/dataset.js';
import { sizeOf } from '../onnx/tensor.js';
import { floatFeed, type Session } from '../runtime/session.js';
import type { Task } from './task.js';

/** A model that is ready to predict. */
export interface Predictor {
  readonly session: Session;
  readonly task: Task;
  /** How messages call the model. */
  readonly name: string;
}

export interface Batch {
  readonly count: number;
  /** [count, outputSize] of each predictor, in their order; valid until the next batch. */
  readonly outputs: readonly Float32Array[];
  /** Class indices [count], or values [count, outputSize]. */
  readonly labels: Int32Array | Float32Array;
}

export interface PredictRequest {
  readonly samples: Samples;
  readonly inputShape: readonly number[];
  readonly target: Target;
  /** Largest number of samples at a time. */
  readonly batch: number;
  readonly signal?: AbortSignal;
  /** Called after every batch with the share of samples done, 0..1. */
  readonly onProgress?: (fraction: number) => void;
}

/**
 * Runs every sample once, in order, through each predictor, and hands the outputs over batch by batch.
 * The last batch is smaller; a model that is fixed to a batch size receives its rest repeated from the start of the batch.
 */
export async function predict(
  predictors: readonly Predictor[],
  request: PredictRequest,
  visit: (batch: Batch) => void,
): Promise<void> {
  const { samples, target } = request;
  const sampleSize = sizeOf(request.inputShape);
  const labelSize = target.kind === 'class' ? 1 : sizeOf(target.shape);
  const x = new Float32Array(request.batch * sampleSize);
  const y = target.kind === 'class' ? new Int32Array(request.batch) : new Float32Array(request.batch * labelSize);
  for (let first = 0; first < samples.count; first += request.batch) {
    request.signal?.throwIfAborted();
    const count = Math.min(request.batch, samples.count - first);
    await samples.read(
      Array.from({ length: count }, (_, i) => first + i),
      x,
      y,
    );
    const input = x.subarray(0, count * sampleSize);
    const outputs: Float32Array[] = [];
    for (const predictor of predictors) outputs.push(await runBatch(predictor, input, request.inputShape, count));
    visit({ count, outputs, labels: y.subarray(0, count * labelSize) });
    request.onProgress?.((first + count) / samples.count);
    // onnxruntime blocks the thread: without this, no message and no signal would get through before the end.
    await nextTurn();
  }
}

/** Outputs of `count` samples [count, outputSize], in as many runs as a fixed batch size needs. */
async function runBatch(
  predictor: Predictor,
  x: Float32Array,
  inputShape: readonly number[],
  count: number,
): Promise<Float32Array> {
  const { task } = predictor;
  if (task.fixedBatch === null) return runOnce(predictor, x, [count, ...inputShape]);
  const sampleSize = sizeOf(inputShape);
  const all = new Float32Array(count * task.outputSize);
  const padded = new Float32Array(task.fixedBatch * sampleSize);
  for (let first = 0; first < count; first += task.fixedBatch) {
    const taken = Math.min(task.fixedBatch, count - first);
    for (let i = 0; i < task.fixedBatch; i++) {
      const source = first + (i % taken);
      padded.set(x.subarray(source * sampleSize, (source + 1) * sampleSize), i * sampleSize);
    }
    const output = await runOnce(predictor, padded, [task.fixedBatch, ...inputShape]);
    all.set(output.subarray(0, taken * task.outputSize), first * task.outputSize);
  }
  return all;
}

async function runOnce(predictor: Predictor, x: Float32Array, dims: readonly number[]): Promise<Float32Array> {
  const { session, task, name } = predictor;
  const results = await session.run({ [task.input]: floatFeed(x, dims) }, [task.output]);
  const output = results[task.output]!;
  const data = output.data as Float32Array;
  if (data.length !== dims[0]! * task.outputSize) {
    throw new UserError(
      'EVALUATE_LABELS',
      `${name} gave "${task.output}" [${output.dims.join(', ')}] for ${dims[0]} samples, but ${task.outputSize} values a sample are needed.`,
      'Use a model with one output per class, or per value of the target.',
    );
  }
  if (!data.every(Number.isFinite)) {
    throw new UserError(
      'EVALUATE_NOT_FINITE',
      `${name} gives NaN or Infinity for some samples of the data set.`,
      'Its training diverged, most likely: lower the learning rate and train again.',
    );
  }
  return data;
}
