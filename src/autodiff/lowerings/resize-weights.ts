import { type Node, stringAttribute } from '../../onnx/ir.js';

export interface ResizedAxis {
  /** Sizes before and after, and the factor that the operator was given (not always their ratio). */
  readonly size: number;
  readonly result: number;
  readonly scale: number;
}

/** `rows[out][in]`: what every output position reads along one axis, for Resize with nearest or linear interpolation. */
export function resizeWeights(node: Node, axis: ResizedAxis): number[][] {
  const isNearest = stringAttribute(node, 'mode', 'nearest') === 'nearest';
  const transform = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  const rounding = stringAttribute(node, 'nearest_mode', 'round_prefer_floor');
  return Array.from({ length: axis.result }, (_, position) => {
    const row = new Array<number>(axis.size).fill(0);
    const at = originalCoordinate(transform, position, axis);
    if (isNearest) {
      row[clamp(roundTo(rounding, at), axis.size)] = 1;
      return row;
    }
    const low = clamp(Math.floor(Math.min(Math.max(at, 0), axis.size - 1)), axis.size);
    const share = Math.min(Math.max(at, 0), axis.size - 1) - low;
    row[low] = 1 - share;
    if (share > 0) row[low + 1] = share;
    return row;
  });
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
