import { bilinearReader } from './bilinear.js';
import { type Image, type ImageTransform, rewritePlanes } from './image.js';

/** Turns by −most..most degrees. */
export function randomRotation(most: number): ImageTransform {
  return (image, random) => rotateBy(image, (2 * random.uniform() - 1) * most);
}

/** Turns about the centre, counterclockwise, bilinearly; the background moves in. */
export function rotateBy(image: Image, degrees: number): void {
  const { height, width } = image;
  const read = bilinearReader(image);
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  const place = { y: 0, x: 0 };
  rewritePlanes(image, (from, to, background) => {
    for (let i = 0; i < height; i++) {
      for (let j = 0; j < width; j++) {
        // Where the pixel comes from: turned back, with the y axis pointing down.
        place.y = middleY + sin * (j - middleX) + cos * (i - middleY);
        place.x = middleX + cos * (j - middleX) - sin * (i - middleY);
        to[i * width + j] = read(from, place, background);
      }
    }
  });
}
