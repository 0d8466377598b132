import type { Image, ImageTransform } from './image.js';

/**
 * Sets a square about a random pixel to 0, the mean of data normalized by "standard"; what lies outside the image is lost.
 * Source: DeVries & Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout".
 */
export function randomCutout(side: number): ImageTransform {
  return (image, random) => {
    const top = random.int(image.height) - (side >> 1);
    const left = random.int(image.width) - (side >> 1);
    cutOut(image, side, { top, left });
  };
}

/** @param corner the upper left of the square, may lie outside */
export function cutOut(
  { values, channels, height, width }: Image,
  side: number,
  { top, left }: { readonly top: number; readonly left: number },
): void {
  const [first, end] = [Math.max(0, left), Math.min(width, left + side)];
  for (let c = 0; c < channels; c++) {
    for (let i = Math.max(0, top); i < Math.min(height, top + side); i++) {
      const row = (c * height + i) * width;
      values.fill(0, row + first, row + end);
    }
  }
}
