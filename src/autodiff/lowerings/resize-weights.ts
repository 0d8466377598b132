import { floatAttribute, intAttribute, type Node, stringAttribute } from '../../onnx/ir.js';

export interface ResizedAxis {
  /** Sizes before and after, and the factor that the operator was given (not always their ratio). */
  readonly size: number;
  readonly result: number;
  readonly scale: number;
}

/** `rows[out][in]`: what every output position reads along one axis, for Resize without antialiasing. */
export function resizeWeights(node: Node, axis: ResizedAxis): number[][] {
  const mode = stringAttribute(node, 'mode', 'nearest');
  const transform = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  const rounding = stringAttribute(node, 'nearest_mode', 'round_prefer_floor');
  return Array.from({ length: axis.result }, (_, position) => {
    const row = new Array<number>(axis.size).fill(0);
    const at = originalCoordinate(transform, position, axis);
    if (mode === 'nearest') {
      row[clamp(roundTo(rounding, at), axis.size)] = 1;
      return row;
    }
    if (mode === 'cubic') return cubicRow(node, at, row);
    const low = clamp(Math.floor(Math.min(Math.max(at, 0), axis.size - 1)), axis.size);
    const share = Math.min(Math.max(at, 0), axis.size - 1) - low;
    row[low] = 1 - share;
    if (share > 0) row[low + 1] = share;
    return row;
  });
}

/** Four neighbours; those outside the image count as its edge, or with `exclude_outside` not at all. */
function cubicRow(node: Node, at: number, row: number[]): number[] {
  const a = floatAttribute(node, 'cubic_coeff_a', -0.75);
  const excludesOutside = intAttribute(node, 'exclude_outside', 0) !== 0;
  const low = Math.floor(at);
  for (let neighbour = low - 1; neighbour <= low + 2; neighbour++) {
    const isOutside = neighbour < 0 || neighbour >= row.length;
    if (!(isOutside && excludesOutside)) row[clamp(neighbour, row.length)]! += cubicWeight(at - neighbour, a);
  }
  if (!excludesOutside) return row;
  const total = row.reduce((sum, weight) => sum + weight, 0);
  return row.map((weight) => weight / total);
}

/** Source: Keys 1981, "Cubic convolution interpolation for digital image processing". */
function cubicWeight(distance: number, a: number): number {
  const s = Math.abs(distance);
  if (s <= 1) return ((a + 2) * s - (a + 3)) * s * s + 1;
  return s < 2 ? a * (((s - 5) * s + 8) * s - 4) : 0;
}

/** Formulas of the ONNX specification of Resize, `coordinate_transformation_mode`. */
function originalCoordinate(transform: string, position: number, { size, result, scale }: ResizedAxis): number {
  switch (transform) {
    case 'half_pixel':
      return (position + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return result > 1 ? (position + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      return result === 1 ? 0 : (position * (size - 1)) / (result - 1);
    case 'asymmetric':
      return position / scale;
    case 'half_pixel_symmetric': {
      const adjustment = result / (scale * size);
      return (size / 2) * (1 - adjustment) + (position + 0.5) / scale - 0.5;
    }
    default:
      throw new Error(`internal: coordinate_transformation_mode ${transform}`);
  }
}

function roundTo(mode: string, at: number): number {
  switch (mode) {
    case 'floor':
      return Math.floor(at);
    case 'ceil':
      return Math.ceil(at);
    case 'round_prefer_ceil':
      return Math.floor(at + 0.5);
    default:
      return Math.ceil(at - 0.5);
  }
}

function clamp(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size - 1);
}
