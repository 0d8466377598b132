import { type Image, type ImageTransform, rewritePlanes } from './image.js';

/** Moves by −most..most whole pixels along each axis, all equally likely: a crop out of a margin of that width is the same. */
export function randomShift(most: number): ImageTransform {
  return (image, random) => {
    const down = random.int(2 * most + 1) - most;
    const right = random.int(2 * most + 1) - most;
    shiftBy(image, down, right);
  };
}

/** Moves the content, less than its size; the background moves in. */
export function shiftBy(image: Image, down: number, right: number): void {
  if (down === 0 && right === 0) return;
  const { height, width } = image;
  const [left, end] = [Math.max(0, right), Math.min(width, width + right)];
  rewritePlanes(image, (from, to, background) => {
    to.fill(background);
    for (let i = Math.max(0, down); i < Math.min(height, height + down); i++) {
      const source = (i - down) * width - right;
      to.set(from.subarray(source + left, source + end), i * width + left);
    }
  });
}
