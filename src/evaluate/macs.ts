import { fixedInputs } from '../onnx/fixed-inputs.js';
import { inferShapes } from '../onnx/infer.js';
import { intAttribute, type Model, type Node } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';

export interface MacCount {
  /** Multiply-accumulate operations for one sample. */
  readonly macs: number;
  /** The same by node, in the order of the graph; only nodes that multiply matrices or convolve. */
  readonly nodes: readonly { readonly name: string; readonly opType: string; readonly macs: number }[];
  /** Nodes that could not be counted, because a shape is not known before the model runs. */
  readonly unknown: readonly string[];
}

/**
 * Multiply-accumulate operations of one forward pass with one sample, from inferred shapes: convolutions, matrix products
 * and their quantized forms. Additions of a bias, activations, pooling and scaling are not counted, and neither is what
 * stands inside branches and loops. A zero weight counts like any other: no kernel here skips it.
 * @param inputShape one sample without the batch dimension, where the model leaves it open
 */
export function countMacs(model: Model, inputShape?: readonly number[]): MacCount {
  const batch = batchOf(model);
  const shapes = inferShapes(model, { inputs: fixedInputs(model, batch, inputShape) });
  const shapeOf = (name: string | undefined): readonly number[] | null => {
    if (name === undefined || name === '') return null;
    const shape = model.graph.initializers.get(name)?.dims ?? shapes.get(name)?.shape ?? null;
    return shape?.every((dim) => typeof dim === 'number') === true ? (shape as readonly number[]) : null;
  };
  const nodes: { name: string; opType: string; macs: number }[] = [];
  const unknown: string[] = [];
  for (const node of model.graph.nodes) {
    const count = COUNTERS.get(node.opType);
    if (count === undefined) continue;
    const macs = count(node, shapeOf);
    if (macs === null) unknown.push(node.name);
    else nodes.push({ name: node.name, opType: node.opType, macs: macs / batch });
  }
  return { macs: nodes.reduce((sum, node) => sum + node.macs, 0), nodes, unknown };
}

type ShapeOf = (name: string | undefined) => readonly number[] | null;
type Counter = (node: Node, shapeOf: ShapeOf) => number | null;

/** Counters by operator: `x`, `w` are the numbers of the two inputs that are multiplied. A map: an operator may be named "constructor". */
const COUNTERS: ReadonlyMap<string, Counter> = new Map(
  Object.entries({
    Conv: convolution(1),
    FusedConv: convolution(1),
    ConvInteger: convolution(1),
    QLinearConv: convolution(3),
    ConvTranspose: transposedConvolution,
    Gemm: gemm(0, 1),
    FusedGemm: gemm(0, 1),
    QGemm: gemm(0, 3),
    MatMul: matMul(0),
    FusedMatMul: matMul(0),
    MatMulInteger: matMul(0),
    QLinearMatMul: matMul(0),
    DynamicQuantizeMatMul: matMul(0),
    MatMulIntegerToFloat: matMul(0),
    MatMulNBits: (node, shapeOf) => {
      const output = shapeOf(node.outputs[0]);
      return output === null ? null : sizeOf(output) * intAttribute(node, 'K', 0);
    },
  }),
);

/** Every output element sums over the weights of one filter, [C/group, kernel…]. */
function convolution(w: number): Counter {
  return (node, shapeOf) => {
    const output = shapeOf(node.outputs[0]);
    const filters = shapeOf(node.inputs[w]);
    return output === null || filters === null ? null : sizeOf(output) * sizeOf(filters.slice(1));
  };
}

/** Every input element is spread over one filter, [M/group, kernel…]. */
function transposedConvolution(node: Node, shapeOf: ShapeOf): number | null {
  const input = shapeOf(node.inputs[0]);
  const filters = shapeOf(node.inputs[1]);
  return input === null || filters === null ? null : sizeOf(input) * sizeOf(filters.slice(1));
}

/** M·N·K of [M, K] × [K, N], either of them stored transposed. */
function gemm(a: number, b: number): Counter {
  return (node, shapeOf) => {
    const left = shapeOf(node.inputs[a]);
    const right = shapeOf(node.inputs[b]);
    if (left === null || right === null) return null;
    const n = right[intAttribute(node, 'transB', 0) !== 0 ? 0 : 1] ?? 1;
    return sizeOf(left) * n;
  };
}

/** Every output element sums over K, the last axis of the left side (the one before it, if that is stored transposed). */
function matMul(a: number): Counter {
  return (node, shapeOf) => {
    const output = shapeOf(node.outputs[0]);
    const left = shapeOf(node.inputs[a]);
    if (output === null || left === null) return null;
    const isTransposed = intAttribute(node, 'transA', 0) !== 0 && left.length > 1;
    return sizeOf(output) * (left[left.length - (isTransposed ? 2 : 1)] ?? 1);
  };
}

/** The batch size that a model is fixed to; 1 where it is open. */
function batchOf(model: Model): number {
  const batch = model.graph.inputs[0]?.shape?.[0];
  return typeof batch === 'number' && batch > 0 ? batch : 1;
}
