import type { GraphBuilder, Value } from '../onnx/builder.js';
import { floatAttribute, intAttribute, type Node } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { dimsOf, reshape, scale, transpose } from './emit.js';

/**
 * Rewrites a finished training graph so that two threads inside an operator compute the same bits as one does, and gives true;
 * or gives false and changes nothing, where that is not known of an operator.
 *
 * onnxruntime gives the threads parts of an operator's result. Where every element comes from the same operations whatever part
 * it lies in, the bits are the same. Of a product A [M, K] · B [K, N] with more columns than rows each thread computes half of
 * the columns, and with few columns adds up longer pieces of K at a time. Such a product becomes a batch of two products with half
 * of the columns each: one thread computes them one after the other, two at once, each as it is.
 */
export function forTwoThreads(b: GraphBuilder): boolean {
  const products = b.graph.nodes.map((node) => sensitiveProduct(b, node));
  if (products.some((product) => product !== null && product.columns % 2 !== 0)) return false;
  if (!b.graph.nodes.every((node) => isSettled(b, node))) return false;
  const nodes = b.graph.nodes.splice(0);
  nodes.forEach((node, i) => {
    const product = products[i] ?? null;
    if (product === null) b.graph.nodes.push(node);
    else inHalves(b, node, product);
  });
  return true;
}

/** True if an element's bits are known not to depend on the part that it is computed in. */
function isSettled(b: GraphBuilder, node: Node): boolean {
  if (node.domain !== '' && !(node.domain === 'com.microsoft' && node.opType === 'FusedMatMul')) return false;
  if (EXACT.has(node.opType)) return true;
  // Whether alpha · x + beta is rounded once or twice is up to the code, and does not matter where the product is exact.
  if (node.opType === 'HardSigmoid' && isExact(floatAttribute(node, 'alpha', 0.2))) return true;
  // Vectors and what is left at the end of a part are computed by different code; so little is never parted.
  return ROUNDED.has(node.opType) && node.outputs.every((name) => sizeOf(dimsOf(b.value(name))) <= LITTLE);
}

/** Operators whose elements are rounded once, or computed by row or column as a whole; products are looked at by themselves. */
const EXACT = new Set(
  `Add And ArgMax ArgMin Cast Clip Concat Constant ConstantOfShape Div Equal Expand Flatten FusedMatMul Gather Gemm Greater
  GreaterOrEqual Identity LeakyRelu Less LessOrEqual LogSoftmax MatMul Max Min Mul Neg Not Or PRelu ReduceMax
  ReduceSum Relu Reshape Sign Slice Softmax Split Sqrt Squeeze Sub Sum Transpose Unsqueeze Where`.split(/\s+/),
);
const ROUNDED = new Set(
  'Abs Erf Exp HardSigmoid Log Pow Reciprocal ReduceL2 ReduceMean Sigmoid Softplus Tanh'.split(' '),
);
const LITTLE = 1024;

/** A factor with which no product is rounded: a power of 2, or one so large that the result is 0 or 1 in any case (see `step`). */
function isExact(factor: number): boolean {
  return Number.isInteger(Math.log2(factor)) || factor >= 1e30;
}

interface Product {
  readonly rows: number;
  readonly columns: number;
  /** What is summed over. */
  readonly depth: number;
}

/**
 * A product of two matrices whose bits would depend on the number of threads, else null. That it is these was measured with
 * onnxruntime 1.30: of 3,000 random products of all four layouts, none but such gave other bits. In a batch of several, none is parted.
 */
function sensitiveProduct(b: GraphBuilder, node: Node): Product | null {
  if (!['Gemm', 'MatMul', 'FusedMatMul'].includes(node.opType)) return null;
  const [left, right] = node.inputs.slice(0, 2).map((name) => dimsOf(b.value(name))) as [number[], number[]];
  const isTurned = intAttribute(node, 'transA', 0) === 1;
  if (right.length !== 2 || left.length < 2 || (isTurned && left.length > 2)) return null;
  const rows = isTurned ? left[1]! : sizeOf(left.slice(0, -1));
  const [depth, columns] = (intAttribute(node, 'transB', 0) === 1 ? right.toReversed() : right) as [number, number];
  return depth > 128 && columns > rows && columns <= 144 ? { rows, columns, depth } : null;
}

function inHalves(b: GraphBuilder, node: Node, { rows, columns, depth }: Product): void {
  const [left, right, bias] = node.inputs.map((name) => b.value(name)) as [Value, Value, Value | undefined];
  const [transA, transB] = [intAttribute(node, 'transA', 0), intAttribute(node, 'transB', 0)];
  const width = columns / 2;
  const halves =
    transB === 1 ? reshape(b, right, [2, width, depth]) : transpose(b, reshape(b, right, [depth, 2, width]), [1, 0, 2]);
  const alpha = { type: 'float', value: floatAttribute(node, 'alpha', 1) } as const;
  const product = b.op(
    'FusedMatMul',
    [transA === 1 ? left : reshape(b, left, [rows, depth]), halves],
    { transA, transB, alpha },
    { domain: 'com.microsoft' },
  );
  const byRow = transpose(b, reshape(b, product, [2, rows, width]), [1, 0, 2]);
  const { outputs } = node;
  const dims = b.ints(dimsOf(b.value(outputs[0]!)));
  const whole = b.op('Reshape', [byRow, dims], {}, bias === undefined ? { outputs } : {});
  if (bias !== undefined) b.op('Add', [whole, scale(b, bias, floatAttribute(node, 'beta', 1))], {}, { outputs });
}
