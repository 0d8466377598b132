import type { Random } from '../core/random.js';
import { Augmenter } from '../data/augment/augmenter.js';
import { mixRows } from '../data/augment/mixup.js';
import type { AugmentOptions } from '../data/augment/option.js';
import type { Dataset } from '../data/dataset.js';
import { type Batch, BatchOrder, targetSize } from './batches.js';
import { writeSoftLabels } from './soft-labels.js';

export interface BatchSourceOptions {
  /** Samples a step. */
  readonly batch: number;
  readonly augment: AugmentOptions | null;
  readonly classWeights: readonly number[] | null;
  readonly random: Random;
}

/** Makes the batches of a training run: any step's, the same whenever it is asked for. */
export class BatchSource {
  readonly order: BatchOrder;
  private readonly augmenter: Augmenter | null;
  /** Where classes are read to on their way to soft labels. */
  private readonly labels: Int32Array;

  /** Throws DATA_AUGMENT. */
  constructor(
    private readonly data: Dataset,
    private readonly options: BatchSourceOptions,
  ) {
    const { batch, augment, random } = options;
    this.order = new BatchOrder(data.train.count, batch, random.derive('shuffle'));
    this.augmenter = augment === null ? null : new Augmenter(augment, data, random.derive('augment'));
    this.labels = new Int32Array(batch);
  }

  /** Calls must not overlap. @param batch with labels as `batchTarget` says. @param step 0 for the first */
  async fill(batch: Batch, step: number): Promise<void> {
    const { data, order, augmenter } = this;
    const { target } = data;
    const positions = order.indices(step);
    const isSoft = target.kind === 'class' && batch.y instanceof Float32Array;
    await data.train.read(positions, batch.x, isSoft ? this.labels : batch.y);
    augmenter?.changeImages(batch.x, positions, Math.floor(step / order.stepsPerEpoch));
    const mix = augmenter?.mixOf(step, positions.length) ?? null;
    if (mix !== null) mixRows(batch.x, batch.x.length / positions.length, mix);
    if (target.kind === 'value' && mix !== null) mixRows(batch.y as Float32Array, targetSize(target), mix);
    if (isSoft) {
      const { classWeights } = this.options;
      writeSoftLabels(batch.y as Float32Array, this.labels, { mix, classWeights, classes: target.classes });
    }
  }
}
