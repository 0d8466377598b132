import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { sizeOf } from '../../onnx/tensor.js';
import { dimsOf, expand, matMul as product, reduceSum, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';

/** dA = dY · Bᵀ, dB = Aᵀ · dY; batch axes broadcast, vectors count as one row or one column. */
export const matMulGradient = defineGradient({
  opType: 'MatMul',
  inputs: ['A', 'B'],
  outputs: ['Y'],
  broadcasts: true,
  narrow: true,
  gradient({ b, A, B, Y, dY, wants }) {
    const isRow = dimsOf(A).length === 1;
    const isColumn = dimsOf(B).length === 1;
    const x = isRow ? reshape(b, A, [1, dimsOf(A)[0]!]) : A;
    const y = isColumn ? reshape(b, B, [dimsOf(B)[0]!, 1]) : B;
    // Rows times one matrix: where the gradient is the same for many rows, one product does for all of them.
    const isRows = !isRow && dimsOf(B).length === 2;
    const d = isRows
      ? expand(b, dY, [...dimsOf(dY).slice(0, -1), dimsOf(Y).at(-1)!])
      : asMatrices(b, expand(b, dY, dimsOf(Y)), { isRow, isColumn });
    return {
      A: wants.A ? vectorAgain(b, gradientOfA(b, y, d), isRow, A) : null,
      B: wants.B ? vectorAgain(b, gradientOfB(b, x, y, d), isColumn, B) : null,
    };
  },
});

/** Vectors as one row or one column. */
function asMatrices(b: GraphBuilder, d: Value, { isRow, isColumn }: { isRow: boolean; isColumn: boolean }): Value {
  const dims = [...dimsOf(d)];
  if (isColumn) dims.push(1);
  if (isRow) dims.splice(dims.length - 1, 0, 1);
  return reshape(b, d, dims);
}

function gradientOfA(b: GraphBuilder, y: Value, d: Value): Value {
  return product(b, d, y, { transB: true });
}

/** A batch of rows times one matrix is one large product: all rows at once, no sum afterwards. */
function gradientOfB(b: GraphBuilder, x: Value, y: Value, d: Value): Value {
  if (dimsOf(y).length > 2) return product(b, x, d, { transA: true });
  const equal = dimsOf(x).flatMap((dim, axis, { length }) =>
    axis < length - 1 && dimsOf(d)[axis] !== dim ? [axis] : [],
  );
  const rowsOfX = reduceSum(b, x, equal, true);
  const flat = (value: Value) => reshape(b, value, [sizeOf(dimsOf(value).slice(0, -1)), dimsOf(value).at(-1)!]);
  return product(b, flat(rowsOfX), flat(d), { transA: true });
}

/** A vector has no batch of its own: what it received from every product is summed by its last two axes here. */
function vectorAgain(b: GraphBuilder, gradient: Value, isVector: boolean, original: Value): Value {
  if (!isVector) return gradient;
  const dims = dimsOf(gradient);
  const length = dimsOf(original)[0]!;
  return reshape(b, gradient, [...dims.slice(0, -2), length]);
}
