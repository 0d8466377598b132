import type { QuantizedTensor, TensorQuantization } from './quantize-tensor.js';

/** A tensor that became integers. */
export interface QuantizedEntry {
  readonly name: string;
  readonly type: 'int8' | 'uint8';
  /** Number of scales: 1, or one per output channel. */
  readonly scales: number;
  readonly minScale: number;
  readonly maxScale: number;
}

/** Something that stayed float, and why. */
export interface FloatEntry {
  readonly name: string;
  readonly reason: string;
}

export interface QuantizationReport {
  readonly quantized: readonly QuantizedEntry[];
  readonly float: readonly FloatEntry[];
}

export function quantizedEntry(
  name: string,
  type: TensorQuantization['type'],
  { parameters }: Pick<QuantizedTensor, 'parameters'>,
): QuantizedEntry {
  const scales = parameters.map((entry) => entry.scale);
  return {
    name,
    type,
    scales: scales.length,
    minScale: scales.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    maxScale: scales.reduce((a, b) => Math.max(a, b), 0),
  };
}
