import { defineGradient } from '../rule.js';

/** Both inputs receive dC. */
export const addGradient = defineGradient({
  opType: 'Add',
  inputs: ['A', 'B'],
  outputs: ['C'],
  broadcasts: true,
  gradient: ({ dC }) => ({ A: dC, B: dC }),
});
