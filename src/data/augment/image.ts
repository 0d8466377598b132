import type { Random } from '../../core/random.js';

/** One sample while it is changed in place: normalized values in planes, [C, H, W]. */
export interface Image {
  readonly values: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** What moves in from outside, per channel: the normalized value of a stored 0, which is black. */
  readonly background: Float32Array;
  /** At least H·W floats to work with. */
  readonly scratch: Float32Array;
}

/** Changes an image at random. Draws equally often whatever it draws, so that what follows does not shift. */
export type ImageTransform = (image: Image, random: Random) => void;

/** Replaces every plane by what `write` makes of a copy of it. */
export function rewritePlanes(
  { values, channels, height, width, scratch, background }: Image,
  write: (from: Float32Array, to: Float32Array, background: number) => void,
): void {
  const size = height * width;
  const from = scratch.subarray(0, size);
  for (let c = 0; c < channels; c++) {
    const plane = values.subarray(c * size, (c + 1) * size);
    from.set(plane);
    write(from, plane, background[c]!);
  }
}
