import type { Window } from '../../window.js';

/** A window over two axes, in scalars; a single axis counts as one row. */
export interface Plane {
  readonly kh: number;
  readonly kw: number;
  readonly dh: number;
  readonly dw: number;
  readonly oh: number;
  readonly ow: number;
  /** Sizes of the image, and what is padded above and left of it. */
  readonly imageHeight: number;
  readonly imageWidth: number;
  readonly top: number;
  readonly left: number;
  /** Sizes of the padded image that stride 1 reads. */
  readonly height: number;
  readonly width: number;
}

export function planeOf(window: Window): Plane {
  const [kh, kw] = pair(window.kernel);
  const [dh, dw] = pair(window.dilations);
  const [oh, ow] = pair(window.output);
  const [imageHeight, imageWidth] = pair(window.input);
  const [top, left] = pair(window.begin, 0);
  const [height, width] = [oh + (kh - 1) * dh, ow + (kw - 1) * dw];
  return { kh, kw, dh, dw, oh, ow, imageHeight, imageWidth, top, left, height, width };
}

/** True where the lowerings that shift whole rows apply. */
export function isPlane(window: Window): boolean {
  return window.kernel.length <= 2 && window.strides.every((stride) => stride === 1);
}

function pair(list: readonly number[], ofRow = 1): [number, number] {
  return list.length === 1 ? [ofRow, list[0]!] : [list[0]!, list[1]!];
}
