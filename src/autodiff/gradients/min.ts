import { sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** The gradient goes to the input that is the smallest, to the first of them where several are. */
export const minGradient = defineGradient({
  opType: 'Min',
  inputs: ['...data_0'],
  outputs: ['min'],
  broadcasts: true,
  gradient({ b, data_0, min, dMin }) {
    let rest = dMin;
    return {
      data_0: data_0.map((input, index) => {
        const share = b.op('Where', [b.op('Equal', [input, min]), rest, b.scalar(0)]);
        if (index < data_0.length - 1) rest = sub(b, rest, share);
        return share;
      }),
    };
  },
});
