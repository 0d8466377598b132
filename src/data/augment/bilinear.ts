import type { Image } from './image.js';

/** A place in a plane; the centre of the first pixel is (0, 0). */
export interface Place {
  y: number;
  x: number;
}

/** Makes the function that reads the value between four pixels of a plane; outside lies the background. */
export function bilinearReader({
  height,
  width,
}: Pick<Image, 'height' | 'width'>): (plane: Float32Array, place: Place, background: number) => number {
  return (plane, { y, x }, background) => {
    const top = Math.floor(y);
    const left = Math.floor(x);
    const [down, right] = [y - top, x - left];
    const at = top * width + left;
    const isUp = top >= 0 && top < height;
    const isLow = top >= -1 && top < height - 1;
    const isLeft = left >= 0 && left < width;
    const isRight = left >= -1 && left < width - 1;
    const upper =
      (isUp && isLeft ? plane[at]! : background) * (1 - right) +
      (isUp && isRight ? plane[at + 1]! : background) * right;
    const lower =
      (isLow && isLeft ? plane[at + width]! : background) * (1 - right) +
      (isLow && isRight ? plane[at + width + 1]! : background) * right;
    return upper * (1 - down) + lower * down;
  };
}
