import { type Attribute, floatAttribute } from '../ir.js';
import type { Writer, WritingRule } from './writer.js';

const real = (value: number): Attribute => ({ type: 'float', value });

/** The activation that a fused operator ends with, or null for one that is not known. @param given its numbers, as far as the node states them */
export function activated(w: Writer, x: string, name: string, given: readonly number[]): string | null {
  switch (name) {
    case '':
      return x;
    case 'Relu':
    case 'Sigmoid':
    case 'Tanh':
    case 'Softplus':
    case 'Softsign':
      return w.op(name, [x]);
    case 'LeakyRelu':
      return w.op(name, [x], { alpha: real(given[0] ?? 0.01) });
    case 'Elu':
      return w.op(name, [x], { alpha: real(given[0] ?? 1) });
    case 'HardSigmoid':
      return w.op(name, [x], { alpha: real(given[0] ?? 0.2), beta: real(given[1] ?? 0.5) });
    case 'Clip':
      return w.op(name, [x, ...given.slice(0, 2).map((limit) => w.scalar(limit))]);
    default:
      return null;
  }
}

/** x/2 · (1 + erf(x/√2)). */
const gelu: WritingRule = (w) => {
  w.give(exactGelu(w, w.input(0)));
  return undefined;
};

const biasGelu: WritingRule = (w) => {
  w.give(exactGelu(w, w.op('Add', [w.input(0), w.input(1)])));
  return undefined;
};

function exactGelu(w: Writer, x: string): string {
  const cumulative = w.op('Add', [w.op('Erf', [w.op('Mul', [x, w.scalar(Math.SQRT1_2)])]), w.scalar(1)]);
  return w.op('Mul', [w.op('Mul', [x, w.scalar(0.5)]), cumulative]);
}

/** x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), of the sum with the bias if there is one. */
const fastGelu: WritingRule = (w) => {
  const x = w.input(1) === '' ? w.input(0) : w.op('Add', [w.input(0), w.input(1)]);
  const bend = w.op('Add', [w.op('Mul', [w.op('Mul', [x, x]), w.scalar(0.044715)]), w.scalar(1)]);
  const inner = w.op('Mul', [w.op('Mul', [x, bend]), w.scalar(Math.sqrt(2 / Math.PI))]);
  const cumulative = w.op('Add', [w.op('Tanh', [inner]), w.scalar(1)]);
  w.give(w.op('Mul', [w.op('Mul', [x, w.scalar(0.5)]), cumulative]));
  return undefined;
};

/** x · σ(alpha · x). */
const quickGelu: WritingRule = (w) => {
  const alpha = floatAttribute(w.node, 'alpha', 1.702);
  const gate = w.op('Sigmoid', [w.op('Mul', [w.input(0), w.scalar(alpha)])]);
  w.give(w.op('Mul', [w.input(0), gate]));
  return undefined;
};

export const ACTIVATIONS = { Gelu: gelu, BiasGelu: biasGelu, FastGelu: fastGelu, QuickGelu: quickGelu } as const;
