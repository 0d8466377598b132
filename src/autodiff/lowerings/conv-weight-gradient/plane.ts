import type { Window } from '../../window.js';

/** A window over two axes, in scalars; a single axis counts as one row. */
export interface Plane {
  readonly kh: number;
  readonly kw: number;
  readonly dh: number;
  readonly dw: number;
  readonly oh: number;
  readonly ow: number;
  /** Sizes of the padded image that stride 1 reads. */
  readonly height: number;
  readonly width: number;
}

export function planeOf(window: Window): Plane {
  const [kh, kw] = pair(window.kernel);
  const [dh, dw] = pair(window.dilations);
  const [oh, ow] = pair(window.output);
  return { kh, kw, dh, dw, oh, ow, height: oh + (kh - 1) * dh, width: ow + (kw - 1) * dw };
}

/** True where the lowerings that shift whole rows apply. */
export function isPlane(window: Window): boolean {
  return window.kernel.length <= 2 && window.strides.every((stride) => stride === 1);
}

function pair(list: readonly number[]): [number, number] {
  return list.length === 1 ? [1, list[0]!] : [list[0]!, list[1]!];
}
