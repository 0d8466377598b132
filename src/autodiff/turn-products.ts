import type { GraphBuilder, Value } from '../onnx/builder.js';
import { floatAttribute, intAttribute, type Node } from '../onnx/ir.js';
import { readNames } from '../onnx/order.js';
import { intsOf } from '../onnx/tensor.js';
import { dimsOf, reshape } from './emit.js';

/**
 * Rewrites a finished training graph of dense layers so that hidden values with more features than samples, [N, F], are held as
 * [F, N]. onnxruntime copies the second factor of a product into blocks before it multiplies: of X · Wᵀ that is all weights, of
 * W · Xᵀ only the samples. Products turn their factors as they read them, so nothing is transposed. Values keep their names.
 * Results differ by rounding. Only values whose makers and readers all can do with either form are turned.
 * @returns how many values were turned
 */
export function turnProducts(b: GraphBuilder): number {
  const turned = turnedValues(b);
  if (turned.size === 0) return 0;
  const nodes = b.graph.nodes.splice(0);
  // The shapes of before: values get their new ones as they are written anew.
  const shapes = new Map([...turned].map((name) => [name, dimsOf(b.value(name))]));
  for (const node of nodes) {
    if (![...node.inputs, ...node.outputs].some((name) => turned.has(name))) b.graph.nodes.push(node);
    else if (isProduct(b, node, shapes)) writeProduct(b, node, turned);
    else if (node.opType === 'ReduceSum') {
      b.op('ReduceSum', [b.value(node.inputs[0]!), b.ints([1])], { keepdims: 0 }, { outputs: node.outputs });
    } else writeElementwise(b, node, turned);
  }
  return turned.size;
}

const ELEMENTWISE = new Set(
  'Add Clip Div Elu Erf Exp HardSigmoid HardSwish LeakyRelu Max Min Mul Neg Relu Sigmoid Softplus Sub Tanh'.split(' '),
);

/** Names of what is worth turning and can be. Values that meet in an elementwise operator are turned together or not at all. */
function turnedValues(b: GraphBuilder): Set<string> {
  const groups = new Groups();
  const kept = new Set(b.graph.outputs.map(({ name }) => name));
  for (const node of b.graph.nodes) {
    const result = node.outputs[0]!;
    if (isProduct(b, node)) {
      if (!isRowOrNone(b, node.inputs[2], result)) kept.add(result);
      // A row is turned where it is read.
      if (node.inputs[2] !== undefined) kept.add(node.inputs[2]);
    } else if (isElementwise(b, node)) {
      for (const name of node.inputs) {
        if (isLike(b, name, result)) groups.join(name, result);
        if (!isLike(b, name, result) || !isMade(b, name)) kept.add(name);
      }
    } else {
      for (const name of node.outputs) kept.add(name);
      // Those that branches and loops read inside, too.
      if (!isSumOfRows(b, node)) for (const name of readNames(node)) kept.add(name);
    }
  }
  const refused = new Set([...kept].map((name) => groups.of(name)));
  const names = b.graph.nodes.flatMap(({ outputs }) => outputs);
  return new Set(names.filter((name) => isWide(b, name) && !refused.has(groups.of(name))));
}

/** A product of two matrices. @param shapes those of values that have another one by now */
function isProduct(b: GraphBuilder, node: Node, shapes?: ReadonlyMap<string, readonly number[]>): boolean {
  if (!['Gemm', 'MatMul', 'FusedMatMul'].includes(node.opType)) return false;
  return node.inputs.slice(0, 2).every((name) => (shapes?.get(name) ?? staticDims(b, name))?.length === 2);
}

/** Of values with as many rows and columns as the result; others are rows or numbers. */
function isElementwise(b: GraphBuilder, node: Node): boolean {
  if (!ELEMENTWISE.has(node.opType) || node.domain !== '' || staticDims(b, node.outputs[0]!)?.length !== 2)
    return false;
  return node.inputs.every((name) => isLike(b, name, node.outputs[0]!) || isRowOrNone(b, name, node.outputs[0]!));
}

function isLike(b: GraphBuilder, name: string, other: string): boolean {
  const [dims, wanted] = [staticDims(b, name), staticDims(b, other)];
  return dims?.length === 2 && wanted?.length === 2 && dims.every((dim, axis) => dim === wanted[axis]);
}

/** Absent, one number, or one for each column. */
function isRowOrNone(b: GraphBuilder, name: string | undefined, result: string): boolean {
  if (name === undefined || name === '') return true;
  const dims = staticDims(b, name);
  const size = dims?.reduce((product, dim) => product * dim, 1);
  return (
    dims !== null && dims !== undefined && (size === 1 || (dims.at(-1) === size && size === dimsOf(b.value(result))[1]))
  );
}

function isSumOfRows(b: GraphBuilder, node: Node): boolean {
  if (node.opType !== 'ReduceSum' || intAttribute(node, 'keepdims', 1) === 1 || node.inputs.length !== 2) return false;
  const axes = b.tensorOf(b.value(node.inputs[1]!));
  return staticDims(b, node.inputs[0]!)?.length === 2 && axes !== undefined && `${intsOf(axes)}` === '0';
}

function isMade(b: GraphBuilder, name: string): boolean {
  return b.tensorOf(b.value(name)) === undefined && !b.graph.inputs.some((input) => input.name === name);
}

function isWide(b: GraphBuilder, name: string): boolean {
  const dims = staticDims(b, name);
  return dims?.length === 2 && b.value(name).dataType === 'float32' && dims[1]! > dims[0]!;
}

function staticDims(b: GraphBuilder, name: string): readonly number[] | null {
  const shape = name === '' ? null : b.value(name).shape;
  return shape?.every((dim) => typeof dim === 'number') === true ? (shape as number[]) : null;
}

/** Y = A′ · B′, or Yᵀ = B′ᵀ · A′ᵀ. */
function writeProduct(b: GraphBuilder, node: Node, turned: ReadonlySet<string>): void {
  const [a, factor, bias] = node.inputs as [string, string, string | undefined];
  const isTurned = (name: string, flag: 'transA' | 'transB') =>
    (intAttribute(node, flag, 0) === 1) !== turned.has(name);
  const [transA, transB] = [isTurned(a, 'transA'), isTurned(factor, 'transB')];
  const flips = turned.has(node.outputs[0]!);
  const inputs = (flips ? [factor, a] : [a, factor]).map((name) => b.value(name));
  if (bias !== undefined && bias !== '') inputs.push(flips ? asColumn(b, b.value(bias)) : b.value(bias));
  const attributes = {
    transA: Number(flips ? !transB : transA),
    transB: Number(flips ? !transA : transB),
    alpha: { type: 'float', value: floatAttribute(node, 'alpha', 1) },
    beta: { type: 'float', value: floatAttribute(node, 'beta', 1) },
  } as const;
  b.op('Gemm', inputs, attributes, { name: node.name, outputs: node.outputs });
}

function writeElementwise(b: GraphBuilder, node: Node, turned: ReadonlySet<string>): void {
  const inputs = node.inputs.map((name) => {
    if (name === '') return null;
    return turned.has(name) ? b.value(name) : asColumn(b, b.value(name));
  });
  b.op(node.opType, inputs, Object.fromEntries(node.attributes), { name: node.name, outputs: node.outputs });
}

function asColumn(b: GraphBuilder, value: Value): Value {
  const size = dimsOf(value).reduce((product, dim) => product * dim, 1);
  return size === 1 ? value : reshape(b, value, [size, 1]);
}

/** Sets of names that belong together. */
class Groups {
  private readonly parents = new Map<string, string>();

  of(name: string): string {
    let top = name;
    for (let parent = this.parents.get(top); parent !== undefined; parent = this.parents.get(top)) top = parent;
    return top;
  }

  join(name: string, other: string): void {
    const [a, b] = [this.of(name), this.of(other)];
    if (a !== b) this.parents.set(a, b);
  }
}
