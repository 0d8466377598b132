import { UserError } from '../../core/errors.js';
import type { Random } from '../../core/random.js';
import { sizeOf } from '../../onnx/tensor.js';
import type { Dataset } from '../dataset.js';
import { randomCrop } from './crop.js';
import { randomCutout } from './cutout.js';
import { randomFlip } from './flip.js';
import type { ImageTransform } from './image.js';
import { drawMix, type Mix } from './mixup.js';
import type { AugmentOptions } from './option.js';
import { randomRotation } from './rotate.js';
import { randomShift } from './shift.js';

/**
 * Changes training batches in place. What happens to a sample depends on the seed, the epoch and its position in the split:
 * not on the batch it is in, nor on when or where the batch is made.
 */
export class Augmenter {
  private readonly transforms: readonly ImageTransform[];
  private readonly background: Float32Array;
  private readonly scratch: Float32Array;

  /** Throws DATA_AUGMENT for samples that are no images, or too small. */
  constructor(
    private readonly options: AugmentOptions,
    private readonly data: Pick<Dataset, 'inputShape' | 'normalization'>,
    private readonly random: Random,
  ) {
    this.transforms = transformsOf(options, data.inputShape);
    const { normalization, inputShape } = data;
    this.background = Float32Array.from({ length: inputShape[0] ?? 0 }, (_, c) =>
      normalization === undefined ? 0 : (0 - normalization.mean[c]!) / normalization.std[c]!,
    );
    this.scratch = new Float32Array(sizeOf(inputShape.slice(1)));
  }

  /** @param x samples, one after another. @param positions of the samples in the training split */
  changeImages(x: Float32Array, positions: ArrayLike<number>, epoch: number): void {
    const { transforms, background, scratch, random } = this;
    if (transforms.length === 0) return;
    const [channels, height, width] = this.data.inputShape as [number, number, number];
    const size = channels * height * width;
    for (let i = 0; i < positions.length; i++) {
      const values = x.subarray(i * size, (i + 1) * size);
      const stream = random.derive(`epoch ${epoch} sample ${positions[i]}`);
      for (const transform of transforms) transform({ values, channels, height, width, background, scratch }, stream);
    }
  }

  /** How the samples of a step are blended; null without mixup. */
  mixOf(step: number, count: number): Mix | null {
    const { mixup } = this.options;
    return mixup === undefined ? null : drawMix(count, mixup, this.random.derive(`mix ${step}`));
  }
}

/** In the order in which they are applied. */
function transformsOf(options: AugmentOptions, shape: readonly number[]): ImageTransform[] {
  const { flip, shift, crop, rotate, cutout } = options;
  const name = (['flip', 'shift', 'crop', 'rotate', 'cutout'] as const).find((key) => options[key] !== undefined);
  if (name !== undefined) checkImages(name, shape);
  checkSize('shift', shift, shape);
  checkSize('crop.padding', crop?.padding, shape);
  checkSize('cutout', cutout, shape);
  return [
    ...(flip === undefined ? [] : [randomFlip(flip)]),
    ...(shift === undefined ? [] : [randomShift(shift)]),
    ...(crop === undefined ? [] : [randomCrop(crop)]),
    ...(rotate === undefined ? [] : [randomRotation(rotate)]),
    ...(cutout === undefined ? [] : [randomCutout(cutout)]),
  ];
}

function checkImages(name: string, shape: readonly number[]): void {
  if (shape.length === 3) return;
  throw new UserError(
    'DATA_AUGMENT',
    `augment.${name} changes images, [channels, height, width], but the samples are [${shape.join(', ')}].`,
    'Leave it out for these data; mixup suits samples of any shape.',
  );
}

function checkSize(name: string, pixels: number | undefined, shape: readonly number[]): void {
  const [, height, width] = shape;
  if (pixels === undefined || pixels < Math.min(height!, width!)) return;
  throw new UserError(
    'DATA_AUGMENT',
    `augment.${name} is ${pixels} pixels, but the images are ${height}×${width}.`,
    'It must be less than the height and the width.',
  );
}
