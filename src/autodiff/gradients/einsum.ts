import type { Value } from '../../onnx/builder.js';
import { type Node, stringAttribute } from '../../onnx/ir.js';
import { dimsOf, expand, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/**
 * The gradient of one factor is an Einsum as well: its letters from the output's and all other factors'. Letters that
 * only this factor has were summed, so its gradient is the same along them; along those that it broadcasts, it is summed.
 */
export const einsumGradient = defineGradient({
  opType: 'Einsum',
  inputs: ['...Inputs'],
  outputs: ['Output'],
  unsupported: (node) =>
    termsOf(node).terms.some((term) => new Set(lettersOf(term)).size !== lettersOf(term).length)
      ? 'a letter twice in one term'
      : null,
  gradient({ b, node, Inputs, wants, dOutput }) {
    const { terms, output } = spelledOut(node, Inputs);
    return {
      Inputs: Inputs.map((input, index) => {
        if (!wants.Inputs[index]) return null;
        const own = terms[index]!;
        const others = terms.filter((_, other) => other !== index);
        const known = [...own].filter(
          (letter) => output.includes(letter) || others.some((term) => term.includes(letter)),
        );
        const equation = `${[output, ...others].join(',')}->${known.join('')}`;
        const factors = [dOutput, ...Inputs.filter((_, other) => other !== index)];
        const gradient = b.op('Einsum', factors, { equation });
        const sizes = new Map(known.map((letter, axis) => [letter, dimsOf(gradient)[axis]!]));
        const dims = dimsOf(input);
        const kept = reshape(
          b,
          gradient,
          [...own].map((letter) => sizes.get(letter) ?? 1),
        );
        const narrow = dimsOf(kept).map((size, axis) => (dims[axis] === 1 ? 1 : size));
        return expand(b, sumTo(b, kept, narrow), dims);
      }),
    };
  },
});

interface Equation {
  readonly terms: readonly string[];
  readonly output: string;
}

/** Letters of every factor and of the result; without an arrow the result has the letters that occur once, sorted. */
function termsOf(node: Node): Equation {
  const [left, right] = stringAttribute(node, 'equation', '').replaceAll(' ', '').split('->');
  const terms = left!.split(',');
  const letters = lettersOf(left!);
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort();
  return { terms, output: right ?? [...(left!.includes(ELLIPSIS) ? [ELLIPSIS] : []), ...once].join('') };
}

/** The equation with letters of its own for the axes of the ellipsis, which stand for the same axes counted from the last. */
function spelledOut(node: Node, inputs: readonly Value[]): Equation {
  const { terms, output } = termsOf(node);
  const ranks = terms.map((term, index) =>
    term.includes(ELLIPSIS) ? dimsOf(inputs[index]!).length - lettersOf(term).length : 0,
  );
  const most = Math.max(...ranks);
  const used = new Set(lettersOf(terms.join('')));
  const spare = [...ALPHABET].filter((letter) => !used.has(letter)).slice(0, most);
  const spell = (term: string, rank: number) => term.replace(ELLIPSIS, spare.slice(most - rank).join(''));
  return { terms: terms.map((term, index) => spell(term, ranks[index]!)), output: spell(output, most) };
}

const ELLIPSIS = '...';
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function lettersOf(term: string): string[] {
  return [...term].filter((letter) => ALPHABET.includes(letter));
}
