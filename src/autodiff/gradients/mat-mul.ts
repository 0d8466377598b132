import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { sizeOf } from '../../onnx/tensor.js';
import { dimsOf, matMul as product, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';

/** dA = dY · Bᵀ, dB = Aᵀ · dY; batch axes broadcast, vectors count as one row or one column. */
export const matMulGradient = defineGradient({
  opType: 'MatMul',
  inputs: ['A', 'B'],
  outputs: ['Y'],
  broadcasts: true,
  gradient({ b, A, B, dY, wants }) {
    const isRow = dimsOf(A).length === 1;
    const isColumn = dimsOf(B).length === 1;
    const x = isRow ? reshape(b, A, [1, dimsOf(A)[0]!]) : A;
    const y = isColumn ? reshape(b, B, [dimsOf(B)[0]!, 1]) : B;
    const batch = dimsOf(dY).slice(0, dimsOf(dY).length - (isRow ? 0 : 1) - (isColumn ? 0 : 1));
    const d = reshape(b, dY, [...batch, dimsOf(x).at(-2)!, dimsOf(y).at(-1)!]);
    return {
      A: wants.A ? vectorAgain(b, gradientOfA(b, y, d), isRow, A) : null,
      B: wants.B ? vectorAgain(b, gradientOfB(b, x, y, d), isColumn, B) : null,
    };
  },
});

function gradientOfA(b: GraphBuilder, y: Value, d: Value): Value {
  return product(b, d, y, { transB: true });
}

/** A batch of rows times one matrix is one large product: all rows at once, no sum afterwards. */
function gradientOfB(b: GraphBuilder, x: Value, y: Value, d: Value): Value {
  if (dimsOf(y).length > 2 || dimsOf(x).length === 2) return product(b, x, d, { transA: true });
  const [rows, width] = [sizeOf(dimsOf(x).slice(0, -1)), dimsOf(x).at(-1)!];
  return product(b, reshape(b, x, [rows, width]), reshape(b, d, [rows, dimsOf(d).at(-1)!]), { transA: true });
}

/** A vector has no batch of its own: what it received from every product is summed by its last two axes here. */
function vectorAgain(b: GraphBuilder, gradient: Value, isVector: boolean, original: Value): Value {
  if (!isVector) return gradient;
  const dims = dimsOf(gradient);
  const length = dimsOf(original)[0]!;
  return reshape(b, gradient, [...dims.slice(0, -2), length]);
}
