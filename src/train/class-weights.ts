import { UserError } from '../core/errors.js';
import type { Dataset } from '../data/dataset.js';
import { allocateBatch } from './batches.js';
import type { TrainRequest } from './request.js';

/**
 * One weight a class: those given, or for 'balanced' N / (K·n_c) over the training split, as scikit-learn has it: every
 * class counts the same. A class without training samples has weight 0. Null if the request has none.
 * Throws TRAIN_CLASS_WEIGHTS.
 */
export async function resolveClassWeights({
  classWeights,
  data,
  signal,
}: Pick<TrainRequest, 'classWeights' | 'data' | 'signal'>): Promise<readonly number[] | null> {
  if (classWeights === undefined) return null;
  const { target } = data;
  if (target.kind !== 'class') {
    throw new UserError(
      'TRAIN_CLASS_WEIGHTS',
      '`classWeights` are given, but the labels of the data set are values, not classes.',
      'Leave `classWeights` out.',
    );
  }
  if (classWeights === 'balanced') return balancedWeights(await countLabels(data, target.classes, signal));
  if (classWeights.length !== target.classes) {
    throw new UserError(
      'TRAIN_CLASS_WEIGHTS',
      `\`classWeights\` lists ${classWeights.length} weights, the data set has ${target.classes} classes.`,
      `Give one weight for each class${target.names === undefined ? '' : `: ${target.names.join(', ')}`}.`,
    );
  }
  return classWeights;
}

function balancedWeights(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count === 0 ? 0 : total / (counts.length * count)));
}

/** Samples read at a time. */
const CHUNK = 256;

async function countLabels(data: Dataset, classes: number, signal: AbortSignal | undefined): Promise<number[]> {
  const { train } = data;
  const batch = allocateBatch(data, CHUNK);
  const counts = Array<number>(classes).fill(0);
  for (let start = 0; start < train.count; start += CHUNK) {
    signal?.throwIfAborted();
    const indices = Uint32Array.from({ length: Math.min(CHUNK, train.count - start) }, (_, i) => start + i);
    await train.read(indices, batch.x, batch.y);
    for (let i = 0; i < indices.length; i++) counts[batch.y[i]!]!++;
  }
  return counts;
}
