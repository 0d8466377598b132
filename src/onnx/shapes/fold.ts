import type { Dim } from '../ir.js';
import { constantTensor } from '../lift.js';
import { dataTypeOf } from '../proto/data-type.js';
import { plusDim, timesDim } from './dims.js';
import { type KnownValues, MOST_KNOWN_VALUES, valuesOfTensor } from './known-values.js';
import type { Call } from './rule.js';

type FoldRule = (call: Call) => KnownValues | undefined;

/**
 * The contents of a node's first output where they follow from shapes and constants: this is how exporters compute the
 * shapes that Reshape, Expand and Slice take. Undefined for everything else, which costs one look-up.
 */
export function foldCall(call: Call): KnownValues | undefined {
  const rule = call.node.domain === '' ? FOLDS.get(call.node.opType) : undefined;
  const folded = rule?.(call);
  return folded === undefined || folded.values.length > MOST_KNOWN_VALUES ? undefined : folded;
}

const identity: FoldRule = (call) => call.known(0);

const vector = (values: readonly Dim[], isInteger = true): KnownValues => ({ isScalar: false, values, isInteger });
const scalar = (value: Dim, isInteger = true): KnownValues => ({ isScalar: true, values: [value], isInteger });

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
  const indices = call.known(1);
  if (data === undefined || indices === undefined || data.isScalar) return undefined;
  const values = indices.values.map((index) => (typeof index === 'number' ? (data.values.at(index) ?? null) : null));
  return { isScalar: indices.isScalar, values, isInteger: data.isInteger };
};

const concat: FoldRule = (call) => {
  const parts = call.node.inputs.map((_, i) => call.known(i));
  if (parts.some((part) => part === undefined || part.isScalar)) return undefined;
  return vector(
    parts.flatMap((part) => part!.values),
    parts[0]?.isInteger ?? true,
  );
};

/** A scalar becomes a vector of one; a vector would become a matrix, which is not followed. */
const unsqueeze: FoldRule = (call) => {
  const known = call.known(0);
  const axes = call.has(1) ? call.numbers(1) : call.ints('axes');
  return known?.isScalar && axes?.length === 1 ? { ...known, isScalar: false } : undefined;
};

const squeeze: FoldRule = (call) => {
  const known = call.known(0);
  return known !== undefined && known.values.length === 1 ? { ...known, isScalar: true } : undefined;
};

const reshape: FoldRule = (call) => {
  const known = call.known(0);
  const target = call.numbers(1);
  if (known === undefined || target === undefined || target.length > 1) return undefined;
  return { ...known, isScalar: target.length === 0 };
};

const slice: FoldRule = (call) => {
  const known = call.known(0);
  const isInput = call.has(1);
  const starts = isInput ? call.numbers(1) : call.ints('starts');
  const ends = isInput ? call.numbers(2) : call.ints('ends');
  const steps = call.has(4) ? call.numbers(4) : [1];
  if (known === undefined || known.isScalar) return undefined;
  if (starts?.length !== 1 || ends?.length !== 1 || steps?.length !== 1) return undefined;
  const step = steps[0]!;
  if (step === 1) return { ...known, values: known.values.slice(starts[0], ends[0]) };
  if (step !== -1 || starts[0] !== -1 || ends[0]! > -known.values.length) return undefined;
  return { ...known, values: [...known.values].reverse() };
};

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

/** Elementwise on two operands of one length, or of which one has a single element. */
function binary(compute: (a: Dim, b: Dim, isInteger: boolean) => Dim): FoldRule {
  return (call) => {
    const a = call.known(0);
    const b = a === undefined ? undefined : call.known(1);
    if (a === undefined || b === undefined) return undefined;
    const length = Math.max(a.values.length, b.values.length);
    if (![1, length].includes(a.values.length) || ![1, length].includes(b.values.length)) return undefined;
    const at = (known: KnownValues, i: number) => known.values[known.values.length === 1 ? 0 : i]!;
    return {
      isScalar: a.isScalar && b.isScalar,
      isInteger: a.isInteger,
      values: Array.from({ length }, (_, i) => compute(at(a, i), at(b, i), a.isInteger)),
    };
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
  const target = call.known(0);
  const length = target?.values.length === 0 ? 1 : target?.values[0];
  if (target === undefined || target.values.length > 1 || typeof length !== 'number' || length > MOST_KNOWN_VALUES) {
    return undefined;
  }
  const attribute = call.node.attributes.get('value');
  const fill = attribute?.type === 'tensor' ? valuesOfTensor(attribute.value) : scalar(0, false);
  if (fill === undefined) return undefined;
  const values = new Array<Dim>(length).fill(fill.values[0] ?? null);
  return { isScalar: target.values.length === 0, values, isInteger: fill.isInteger };
};

/** A symbolic dimension is never -1, the mark that exporters compare with. */
const equal = binary((a, b) => {
  if (typeof a === 'number' && typeof b === 'number') return +(a === b);
  return a === -1 || b === -1 ? (a === null || b === null ? null : 0) : null;
});

const where: FoldRule = (call) => {
  const condition = call.known(0);
  const [yes, no] = [call.known(1), call.known(2)];
  if (condition === undefined || yes === undefined || no === undefined) return undefined;
  const length = Math.max(condition.values.length, yes.values.length, no.values.length);
  const at = (known: KnownValues, i: number) => known.values[known.values.length === 1 ? 0 : i] ?? null;
  const values = Array.from({ length }, (_, i) => {
    const chosen = at(condition, i);
    return chosen === null ? null : at(chosen === 0 ? no : yes, i);
  });
  return { isScalar: condition.isScalar && yes.isScalar && no.isScalar, values, isInteger: yes.isInteger };
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
  if (known === undefined || known.isScalar) return undefined;
  const product = known.values.reduce<Dim>(timesDim, 1);
  return { ...known, isScalar: call.int('keepdims', 1) === 0, values: [product] };
};

const FOLDS: ReadonlyMap<string, FoldRule> = new Map<string, FoldRule>([
  ['Identity', identity],
  ['Shape', shape],
  ['Size', size],
  ['Gather', gather],
  ['Concat', concat],
  ['Unsqueeze', unsqueeze],
  ['Squeeze', squeeze],
  ['Reshape', reshape],
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
