import type { DataType } from '../../onnx/ir.js';
import { dimsOf, div, mul, reshape } from '../emit.js';
import { castToFloat, spreadScale } from '../lowerings/quantization.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/**
 * Straight-through: inside the range q = x / scale + zero point counts as if nothing were rounded, outside nothing
 * passes: dx = dq / scale, dscale = −Σ dq · x / scale². The gradient of q is a float tensor of q's shape. Together with
 * DequantizeLinear this is the rule of learned step sizes: round(v/s) − v/s inside, the limit outside.
 * Source: Esser et al. 2020, "Learned step size quantization".
 */
export const quantizeLinearGradient = defineGradient({
  opType: 'QuantizeLinear',
  inputs: ['x', 'y_scale', 'y_zero_point?'],
  outputs: ['y'],
  straightThrough: true,
  unsupported: (node) => (node.attributes.has('block_size') ? 'blocked quantization' : null),
  gradient({ b, node, x, y_scale, y_zero_point, y, dY, wants }) {
    const scale = spreadScale(b, node, y_scale, x);
    const ratio = div(b, x, scale);
    const rounded = b.op('Round', [ratio]);
    const level =
      y_zero_point === null ? rounded : b.op('Add', [rounded, spreadScale(b, node, castToFloat(b, y_zero_point), x)]);
    const [lowest, highest] = rangeOf(y.dataType);
    const isInside = b.op('Equal', [level, b.op('Clip', [level, b.scalar(lowest), b.scalar(highest)])]);
    const passed = div(b, b.op('Where', [isInside, dY, b.scalar(0)]), scale);
    const perElement = () => b.op('Neg', [mul(b, passed, ratio)]);
    return {
      x: wants.x ? passed : null,
      y_scale: wants.y_scale ? reshape(b, sumTo(b, perElement(), dimsOf(scale)), dimsOf(y_scale)) : null,
      y_zero_point: null,
    };
  },
});

function rangeOf(dataType: DataType): [number, number] {
  switch (dataType) {
    case 'int8':
      return [-128, 127];
    case 'uint8':
      return [0, 255];
    case 'int16':
      return [-32768, 32767];
    case 'uint16':
      return [0, 65535];
    case 'int4':
      return [-8, 7];
    case 'uint4':
      return [0, 15];
    default:
      throw new Error(`internal: no straight-through gradient for quantization to ${dataType}`);
  }
}
