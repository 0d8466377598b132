import type { Image } from '../../../src/data/augment/image.js';

/** An image of the given planes (rows of equal length); −1 moves in from outside, −1 − c in channel c. */
export function imageOf(...planes: readonly (readonly (readonly number[])[])[]): Image {
  const [height, width] = [planes[0]!.length, planes[0]![0]!.length];
  return {
    values: Float32Array.from(planes.flat(2)),
    channels: planes.length,
    height,
    width,
    background: Float32Array.from(planes, (_, c) => -1 - c),
    scratch: new Float32Array(height * width),
  };
}

/** The rows of one plane. */
export function rowsOf({ values, height, width }: Image, channel = 0): number[][] {
  return Array.from({ length: height }, (_, i) => {
    const start = (channel * height + i) * width;
    return [...values.subarray(start, start + width)];
  });
}

export const NUMBERS = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
];
