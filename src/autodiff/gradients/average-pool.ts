import { intAttribute } from '../../onnx/ir.js';
import { dimsOf } from '../emit.js';
import { type AxisMap, applyTransposed } from '../lowerings/axis-map.js';
import { defineGradient } from '../rule.js';
import { kernelShape, padsOf, reasonAgainstPool, type Window, windowOf } from '../window.js';

/**
 * Averaging is a linear map along every spatial axis, one after the other (also the count of elements is a product of
 * counts per axis), so the gradient is the transposed maps applied to dY.
 */
export const averagePoolGradient = defineGradient({
  opType: 'AveragePool',
  inputs: ['X'],
  outputs: ['Y'],
  unsupported: reasonAgainstPool,
  gradient({ b, node, X, dY }) {
    const sizes = { input: dimsOf(X).slice(2), output: dimsOf(dY).slice(2), kernel: kernelShape(node) };
    const window = windowOf(node, sizes);
    const { end } = padsOf(node, sizes);
    const countsPads = intAttribute(node, 'count_include_pad', 0) !== 0;
    const maps = window.kernel.map((_, index) => averageAlong(window, index, countsPads ? end[index]! : null));
    return { X: applyTransposed(b, dY, maps) };
  },
});

/** @param padEnd the declared padding at the end, which counts as elements; null where pads do not count */
function averageAlong(window: Window, index: number, padEnd: number | null): AxisMap {
  const size = window.input[index]!;
  const rows = Array.from({ length: window.output[index]! }, (_, position) => {
    const row = new Array<number>(size).fill(0);
    const seen = Array.from(
      { length: window.kernel[index]! },
      (_, tap) => position * window.strides[index]! - window.begin[index]! + tap * window.dilations[index]!,
    );
    const inside = seen.filter((at) => at >= 0 && at < size);
    // Pads count, but what ceil_mode reads beyond the pads never does.
    const count = padEnd === null ? inside.length : seen.filter((at) => at < size + padEnd).length;
    for (const at of inside) row[at] = 1 / count;
    return row;
  });
  return { axis: index + 2, rows };
}
