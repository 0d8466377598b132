import { type Node, stringAttribute } from '../../onnx/ir.js';
import { dimsOf } from '../emit.js';
import { defineGradient } from '../rule.js';

/**
 * The gradient of one factor is an Einsum as well: its letters from the output's and all other factors'. Letters that
 * only this factor has were summed, so its gradient is the same along them.
 */
export const einsumGradient = defineGradient({
  opType: 'Einsum',
  inputs: ['...Inputs'],
  outputs: ['Output'],
  unsupported: reasonAgainst,
  gradient({ b, node, Inputs, wants, dOutput }) {
    const { terms, output } = parse(node);
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
        if (known.length === own.length) return gradient;
        const dims = dimsOf(input);
        const kept = dims.map((dim, axis) => (known.includes(own[axis]!) ? dim : 1));
        return b.op('Expand', [b.op('Reshape', [gradient, b.ints(kept)]), b.ints(dims)]);
      }),
    };
  },
});

/** Letters of every factor and of the result; without an arrow the result has the letters that occur once, sorted. */
function parse(node: Node): { readonly terms: readonly string[]; readonly output: string } {
  const [left, right] = stringAttribute(node, 'equation', '').replaceAll(' ', '').split('->');
  const terms = left!.split(',');
  const letters = [...terms.join('')];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return { terms, output: right ?? once.sort().join('') };
}

function reasonAgainst(node: Node): string | null {
  if (stringAttribute(node, 'equation', '').includes('.')) return 'an ellipsis in the equation';
  const repeats = parse(node).terms.some((term) => new Set(term).size !== term.length);
  return repeats ? 'a letter twice in one term' : null;
}
