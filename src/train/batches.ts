import type { Random } from '../core/random.js';
import type { Dataset, Samples, Target } from '../data/dataset.js';
import { sizeOf } from '../onnx/tensor.js';

/** A batch's buffers, reused from step to step. */
export interface Batch {
  /** Normalized samples, one after another. */
  readonly x: Float32Array;
  /** Class indices (Int32Array) or values (Float32Array), one after another. */
  readonly y: Int32Array | Float32Array;
}

/** Numbers of one sample's label. */
export function targetSize(target: Target): number {
  return target.kind === 'class' ? 1 : sizeOf(target.shape);
}

/**
 * Empty buffers for `count` samples.
 * @param allocate makes the memory, given bytes: a SharedArrayBuffer where workers read it too
 */
export function allocateBatch(
  data: Pick<Dataset, 'inputShape' | 'target'>,
  count: number,
  allocate: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
): Batch {
  const x = new Float32Array(allocate(4 * count * sizeOf(data.inputShape)));
  const labels = allocate(4 * count * targetSize(data.target));
  return { x, y: data.target.kind === 'class' ? new Int32Array(labels) : new Float32Array(labels) };
}

/**
 * Draws the training batches: a new order every epoch, derived from the epoch's number, so that any step can be found
 * again. What does not fill a batch at the end of an epoch is left out of that epoch.
 */
export class BatchOrder {
  readonly stepsPerEpoch: number;
  private epoch = -1;
  private order: Uint32Array = new Uint32Array(0);

  constructor(
    private readonly count: number,
    private readonly batch: number,
    private readonly random: Random,
  ) {
    this.stepsPerEpoch = Math.floor(count / batch);
  }

  /** The samples of a step (0 for the first of the run): a view, valid until the next call. */
  indices(step: number): Uint32Array {
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.epoch) {
      this.order = this.random.derive(`epoch ${epoch}`).permutation(this.count);
      this.epoch = epoch;
    }
    const start = (step - epoch * this.stepsPerEpoch) * this.batch;
    return this.order.subarray(start, start + this.batch);
  }
}

/** Fills the batch with samples from `start` on; past the end the last sample repeats. @returns samples that count */
export async function readInOrder(samples: Samples, start: number, batch: Batch, size: number): Promise<number> {
  const count = Math.min(size, samples.count - start);
  const indices = Uint32Array.from({ length: size }, (_, i) => start + Math.min(i, count - 1));
  await samples.read(indices, batch.x, batch.y);
  return count;
}
