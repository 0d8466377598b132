import type { Image, ImageTransform } from './image.js';
import type { AugmentOptions } from './option.js';

/** Mirrors with chance 1/2, for 'both' along each axis by itself. */
export function randomFlip(direction: NonNullable<AugmentOptions['flip']>): ImageTransform {
  return (image, random) => {
    const bits = random.uint32() >>> 30;
    if (direction !== 'vertical' && (bits & 1) === 1) flipHorizontally(image);
    if (direction !== 'horizontal' && (bits & 2) === 2) flipVertically(image);
  };
}

/** Left becomes right. */
export function flipHorizontally({ values, width }: Image): void {
  for (let at = 0; at < values.length; at += width) values.subarray(at, at + width).reverse();
}

/** Top becomes bottom. */
export function flipVertically({ values, channels, height, width, scratch }: Image): void {
  const row = scratch.subarray(0, width);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height >> 1; i++) {
      const upper = (c * height + i) * width;
      const lower = (c * height + height - 1 - i) * width;
      row.set(values.subarray(upper, upper + width));
      values.copyWithin(upper, lower, lower + width);
      values.set(row, lower);
    }
  }
}
