import type { Tensor } from '../../../src/onnx/ir.js';
import { constant, describeGradient, given } from '../../support/gradcheck.js';

function int8(values: readonly number[], ...dims: number[]): Tensor {
  return { dataType: 'int8', dims, bytes: Uint8Array.from(values, (value) => value & 255) };
}

describeGradient('DequantizeLinear', {
  'one scale': { inputs: [constant(int8([1, -5, 100, 0, 7, -128], 2, 3)), given([0.1])] },
  'a scale and a zero point per channel': {
    inputs: [constant(int8([1, -5, 100, 0, 7, -128], 3, 2)), given([0.1, 0.2, 0.3], 3), constant(int8([3, 0, -4], 3))],
    attributes: { axis: 0 },
  },
});
