/** The integer types that Lathe quantizes to. */
export type QuantType = 'int8' | 'uint8';

/** real value = scale × (q - zeroPoint) */
export interface AffineParameters {
  /** A float32 value, > 0. */
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The smallest and largest value that a tensor takes. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Below this, the smallest normal float32, a scale would lose its bits: such a range is treated as all zero. */
const SMALLEST_SCALE = 2 ** -126;

/** The integers used: symmetric int8 leaves -128 out, so that -max and +max are equally far from 0. */
export function quantRange(type: QuantType, isSymmetric: boolean): Range {
  if (type === 'uint8') return { min: 0, max: 255 };
  return { min: isSymmetric ? -127 : -128, max: 127 };
}

/**
 * Scale and zero point for a range of real values, as onnxruntime's quantizer computes them (compute_scale_zp): the range
 * is widened to include 0, so that 0 is exact; computed in float64, the scale rounded to float32 at the end.
 * @param range finite
 * @returns scale 1 and zero point 0 for a range that is all zero
 */
export function affineParameters(range: Range, type: QuantType, isSymmetric: boolean): AffineParameters {
  const { min: qmin, max: qmax } = quantRange(type, isSymmetric);
  let min = Math.min(range.min, 0);
  let max = Math.max(range.max, 0);
  if (isSymmetric) {
    max = Math.max(-min, max);
    min = -max;
  }
  const scale = (max - min) / (qmax - qmin);
  if (scale < SMALLEST_SCALE) return { scale: 1, zeroPoint: 0 };
  const zeroPoint = roundHalfEven(isSymmetric ? (qmin + qmax) / 2 : qmin - min / scale);
  return { scale: Math.fround(scale), zeroPoint: Math.min(Math.max(zeroPoint, qmin), qmax) };
}

/** clip(round(value / scale) + zeroPoint), the division in float32 and halves to even, as QuantizeLinear does. */
export function quantize(value: number, parameters: AffineParameters, limits: Range): number {
  const steps = roundHalfEven(Math.fround(value / parameters.scale)) + parameters.zeroPoint;
  return Math.min(Math.max(steps, limits.min), limits.max);
}

/** The nearest integer; a half goes to the even one (banker's rounding), as IEEE 754 and ONNX round. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction < 0.5) return floor;
  if (fraction > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
