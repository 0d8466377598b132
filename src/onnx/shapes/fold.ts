import type { Dim } from '../ir.js';
import { constantTensor } from '../lift.js';
import { dataTypeOf } from '../proto/data-type.js';
import { plusDim, timesDim } from './dims.js';
import { indexing } from './indexing.js';
import { type KnownValues, MOST_KNOWN_VALUES, valuesOfTensor } from './known-values.js';
import { reshapes } from './reshape.js';
import type { Call, ShapeRule } from './rule.js';

type FoldRule = (call: Call) => KnownValues | undefined;

/**
 * The contents of a node's outputs where they follow from shapes and constants: this is how exporters compute the
 * shapes that Reshape, Expand and Slice take. Empty for everything else, which costs one look-up.
 */
export function foldCall(call: Call): readonly KnownValues[] {
  if (call.node.domain !== '') return NONE;
  if (call.node.opType === 'Split') return split(call);
  const folded = FOLDS.get(call.node.opType)?.(call);
  return folded === undefined || folded.values.length > MOST_KNOWN_VALUES ? NONE : [folded];
}

const NONE: readonly KnownValues[] = [];

const identity: FoldRule = (call) => call.known(0);

const vector = (values: readonly Dim[], isInteger = true): KnownValues => ({
  dims: [values.length],
  values,
  isInteger,
});
const scalar = (value: Dim, isInteger = true): KnownValues => ({ dims: [], values: [value], isInteger });

const shape: FoldRule = (call) => {
  const dims = call.shape(0);
  return dims === null ? undefined : vector(dims.slice(call.int('start', 0), call.int('end', dims.length)));
};

const size: FoldRule = (call) => {
  const dims = call.shape(0);
  return dims === null ? undefined : scalar(dims.reduce<Dim>(timesDim, 1));
};

const gather: FoldRule = (call) => {
  const data = call.known(0);
  const indices = data?.dims.length === 1 ? call.known(1) : undefined;
  if (data === undefined || indices === undefined) return undefined;
  const values = indices.values.map((index) => (typeof index === 'number' ? (data.values.at(index) ?? null) : null));
  return { dims: indices.dims, values, isInteger: data.isInteger };
};

const concat: FoldRule = (call) => {
  const parts: KnownValues[] = [];
  for (let i = 0; i < call.inputCount; i++) {
    const part = call.known(i);
    if (part === undefined || part.dims.length !== 1) return undefined;
    parts.push(part);
  }
  return vector(
    parts.flatMap((part) => part.values),
    parts[0]?.isInteger,
  );
};

/** The same elements in another shape: that which the operator's own rule infers. */
const reshaped =
  (infer: ShapeRule): FoldRule =>
  (call) => {
    const known = call.known(0);
    const dims = known === undefined ? undefined : infer(call)[0]?.shape;
    return known !== undefined && isStatic(dims) ? { ...known, dims } : undefined;
  };

function isStatic(dims: readonly Dim[] | null | undefined): dims is readonly number[] {
  return dims?.every((dim) => typeof dim === 'number') ?? false;
}

const transpose: FoldRule = (call) => {
  const known = call.known(0);
  if (known === undefined || known.dims.length > 2) return undefined;
  const [rows = 1, columns = 1] = known.dims;
  const perm = call.ints('perm');
  if (known.dims.length < 2 || perm?.[0] === 0) return known;
  const values = known.values.map((_, i) => known.values[(i % rows) * columns + Math.floor(i / rows)]!);
  return { ...known, dims: [columns, rows], values };
};

const slice: FoldRule = (call) => {
  const known = call.known(0);
  const isInput = call.has(1);
  const starts = isInput ? call.numbers(1) : call.ints('starts');
  const ends = isInput ? call.numbers(2) : call.ints('ends');
  const steps = call.has(4) ? call.numbers(4) : [1];
  if (known?.dims.length !== 1 || starts?.length !== 1 || ends?.length !== 1 || steps?.length !== 1) return undefined;
  if (steps[0] === 1) return vector(known.values.slice(starts[0], ends[0]), known.isInteger);
  const isReversal = steps[0] === -1 && starts[0] === -1 && ends[0]! < -known.values.length;
  return isReversal ? { ...known, values: [...known.values].reverse() } : undefined;
};

function split(call: Call): readonly KnownValues[] {
  const known = call.known(0);
  if (known?.dims.length !== 1) return NONE;
  const types = indexing.Split!(call);
  let start = 0;
  const parts: KnownValues[] = [];
  for (const { shape } of types) {
    const size = shape?.[0];
    if (typeof size !== 'number') return NONE;
    parts.push(vector(known.values.slice(start, start + size), known.isInteger));
    start += size;
  }
  return parts;
}

const cast: FoldRule = (call) => {
  const known = call.known(0);
  const to = dataTypeOf(call.int('to', 0));
  if (known === undefined || to === undefined) return undefined;
  if (to.startsWith('float')) return { ...known, isInteger: false };
  if (to === 'bool') return { ...known, values: known.values.map((v) => (typeof v === 'number' ? +(v !== 0) : null)) };
  if (!to.startsWith('int') && !to.startsWith('uint')) return undefined;
  return {
    ...known,
    isInteger: true,
    values: known.values.map((value) => (typeof value === 'number' ? Math.trunc(value) : value)),
  };
};

/** Elementwise on operands of one shape, or of which all but one have a single element. */
function elementwise(
  operands: readonly KnownValues[],
  compute: (values: readonly Dim[]) => Dim,
): KnownValues | undefined {
  const largest = operands.reduce((a, b) =>
    b.values.length > a.values.length || b.dims.length > a.dims.length ? b : a,
  );
  const count = largest.values.length;
  if (operands.some(({ values }) => values.length !== 1 && values.length !== count)) return undefined;
  const values = Array.from({ length: count }, (_, i) =>
    compute(operands.map((operand) => operand.values[operand.values.length === 1 ? 0 : i]!)),
  );
  return { dims: largest.dims, values, isInteger: operands.at(-1)!.isInteger };
}

function binary(compute: (a: Dim, b: Dim, isInteger: boolean) => Dim): FoldRule {
  return (call) => {
    const a = call.known(0);
    const b = a === undefined ? undefined : call.known(1);
    if (a === undefined || b === undefined) return undefined;
    return elementwise([a, b], ([x, y]) => compute(x!, y!, a.isInteger));
  };
}

function unary(compute: (value: number) => number): FoldRule {
  return (call) => {
    const known = call.known(0);
    return known && { ...known, values: known.values.map((v) => (typeof v === 'number' ? compute(v) : null)) };
  };
}

function numbersOnly(compute: (a: number, b: number) => number) {
  return binary((a, b) => (typeof a === 'number' && typeof b === 'number' ? compute(a, b) : null));
}

const divide = binary((a, b, isInteger) => {
  if (b === 1) return a;
  if (typeof a !== 'number' || typeof b !== 'number' || b === 0) return null;
  return isInteger ? Math.trunc(a / b) : a / b;
});

const constantOfShape: FoldRule = (call) => {
  const dims = call.numbers(0);
  const count = dims?.reduce((product, dim) => product * dim, 1);
  if (dims === undefined || count === undefined || count > MOST_KNOWN_VALUES) return undefined;
  const attribute = call.node.attributes.get('value');
  const fill = attribute?.type === 'tensor' ? valuesOfTensor(attribute.value) : scalar(0, false);
  if (fill === undefined) return undefined;
  return { dims, values: new Array<Dim>(count).fill(fill.values[0] ?? null), isInteger: fill.isInteger };
};

/** A symbolic dimension is never -1, the mark that exporters compare with. */
const equal = binary((a, b) => {
  if (typeof a === 'number' && typeof b === 'number') return +(a === b);
  const isMark = a === -1 || b === -1;
  return isMark && a !== null && b !== null ? 0 : null;
});

const where: FoldRule = (call) => {
  const [condition, yes, no] = [call.known(0), call.known(1), call.known(2)];
  if (condition === undefined || yes === undefined || no === undefined) return undefined;
  return elementwise([condition, yes, no], ([chosen, a, b]) => (chosen === null ? null : chosen === 0 ? b! : a!));
};

const range: FoldRule = (call) => {
  const [start, limit, delta] = [call.numbers(0)?.[0], call.numbers(1)?.[0], call.numbers(2)?.[0]];
  if (start === undefined || limit === undefined || delta === undefined || delta === 0) return undefined;
  const length = Math.max(0, Math.ceil((limit - start) / delta));
  if (length > MOST_KNOWN_VALUES) return undefined;
  return vector(
    Array.from({ length }, (_, i) => start + i * delta),
    call.known(0)!.isInteger,
  );
};

const reduceProd: FoldRule = (call) => {
  const known = call.known(0);
  if (known?.dims.length !== 1) return undefined;
  const product = known.values.reduce<Dim>(timesDim, 1);
  return { dims: call.int('keepdims', 1) === 0 ? [] : [1], values: [product], isInteger: known.isInteger };
};

const FOLDS: ReadonlyMap<string, FoldRule> = new Map<string, FoldRule>([
  ['Identity', identity],
  ['Shape', shape],
  ['Size', size],
  ['Gather', gather],
  ['Concat', concat],
  ['Unsqueeze', reshaped(reshapes.Unsqueeze!)],
  ['Squeeze', reshaped(reshapes.Squeeze!)],
  ['Reshape', reshaped(reshapes.Reshape!)],
  ['Flatten', reshaped(reshapes.Flatten!)],
  ['Transpose', transpose],
  ['Slice', slice],
  ['Cast', cast],
  ['Add', binary(plusDim)],
  ['Sub', binary((a, b) => (typeof b === 'number' ? plusDim(a, -b) : a === b && a !== null ? 0 : null))],
  ['Mul', binary(timesDim)],
  ['Div', divide],
  ['Mod', numbersOnly((a, b) => a - b * Math.floor(a / b))],
  ['Max', numbersOnly(Math.max)],
  ['Min', numbersOnly(Math.min)],
  ['Equal', equal],
  ['Where', where],
  ['Neg', unary((v) => -v)],
  ['Abs', unary(Math.abs)],
  ['Floor', unary(Math.floor)],
  ['Ceil', unary(Math.ceil)],
  ['Range', range],
  ['ReduceProd', reduceProd],
  ['ConstantOfShape', constantOfShape],
  ['Constant', (call) => known(call)],
]);

function known(call: Call): KnownValues | undefined {
  const tensor = constantTensor(call.node);
  return tensor === undefined ? undefined : valuesOfTensor(tensor);
}
