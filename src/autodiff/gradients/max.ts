import { sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** The gradient goes to the input that is the largest, to the first of them where several are. */
export const maxGradient = defineGradient({
  opType: 'Max',
  inputs: ['...data_0'],
  outputs: ['max'],
  broadcasts: true,
  gradient({ b, data_0, max, dMax }) {
    let rest = dMax;
    return {
      data_0: data_0.map((input, index) => {
        const share = b.op('Where', [b.op('Equal', [input, max]), rest, b.scalar(0)]);
        if (index < data_0.length - 1) rest = sub(b, rest, share);
        return share;
      }),
    };
  },
});
