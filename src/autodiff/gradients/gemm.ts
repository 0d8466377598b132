import { floatAttribute, intAttribute } from '../../onnx/ir.js';
import { dimsOf, scale } from '../emit.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/** Y = alpha · A′ · B′ + beta · C, with A′ and B′ transposed where the node says so. */
export const gemmGradient = defineGradient({
  opType: 'Gemm',
  inputs: ['A', 'B', 'C?'],
  outputs: ['Y'],
  gradient({ b, node, A, B, C, dY, wants }) {
    const transA = intAttribute(node, 'transA', 0) !== 0;
    const transB = intAttribute(node, 'transB', 0) !== 0;
    const alpha = floatAttribute(node, 'alpha', 1);
    const product = (x: typeof A, y: typeof A, flipX: boolean, flipY: boolean) =>
      b.op('Gemm', [x, y], {
        transA: flipX ? 1 : 0,
        transB: flipY ? 1 : 0,
        ...(alpha === 1 ? {} : { alpha: { type: 'float', value: alpha } as const }),
      });
    return {
      // dA′ = dY · B′ᵀ and dB′ = A′ᵀ · dY; a transposed factor receives the transposed gradient.
      A: !wants.A ? null : transA ? product(B, dY, transB, true) : product(dY, B, false, !transB),
      B: !wants.B ? null : transB ? product(dY, A, true, transA) : product(A, dY, !transA, false),
      C: C !== null && wants.C ? scale(b, sumTo(b, dY, dimsOf(C)), floatAttribute(node, 'beta', 1)) : null,
    };
  },
});
