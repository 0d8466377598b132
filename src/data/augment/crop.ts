import { bilinearReader, type Place } from './bilinear.js';
import { type Image, type ImageTransform, rewritePlanes } from './image.js';
import type { AugmentOptions } from './option.js';
import { randomShift } from './shift.js';

/** Cuts out a window at a random place: of full size with a margin around the image, or a smaller one that is enlarged. */
export function randomCrop({ padding, area }: NonNullable<AugmentOptions['crop']>): ImageTransform {
  if (padding !== undefined) return randomShift(padding);
  if (area === undefined) throw new Error('internal: the schema demands padding or area');
  return (image, random) => {
    const side = Math.sqrt(area + (1 - area) * random.uniform());
    const y = random.uniform() * (1 - side) * image.height;
    const x = random.uniform() * (1 - side) * image.width;
    enlarge(image, side, { y, x });
  };
}

/**
 * Enlarges a window to the whole image, bilinearly, with the border's pixels continued outwards.
 * @param side of the window, as a share of the image's. @param corner its upper left, in pixels from the image's
 */
export function enlarge(image: Image, side: number, corner: Place): void {
  const { height, width } = image;
  const read = bilinearReader(image);
  const place = { y: 0, x: 0 };
  rewritePlanes(image, (from, to, background) => {
    for (let i = 0; i < height; i++) {
      place.y = clamp(corner.y + (i + 0.5) * side - 0.5, height - 1);
      for (let j = 0; j < width; j++) {
        place.x = clamp(corner.x + (j + 0.5) * side - 0.5, width - 1);
        to[i * width + j] = read(from, place, background);
      }
    }
  });
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
