import type { DataType } from '../onnx/ir.js';

/** True unless the type rules gradients out: integers, truth values and text end a path, an unknown type does not. */
export function canCarryGradient(dataType: DataType): boolean {
  return FLOATS.has(dataType) || dataType === 'undefined';
}

const FLOATS: ReadonlySet<DataType> = new Set(['float32', 'float64', 'float16', 'bfloat16']);
