import { defineGradient } from '../rule.js';

/** Each side receives the gradient where it was chosen. */
export const whereGradient = defineGradient({
  opType: 'Where',
  inputs: ['condition', 'X', 'Y'],
  outputs: ['output'],
  broadcasts: true,
  gradient: ({ b, condition, dOutput, wants }) => ({
    condition: null,
    X: wants.X ? b.op('Where', [condition, dOutput, b.scalar(0)]) : null,
    Y: wants.Y ? b.op('Where', [condition, b.scalar(0), dOutput]) : null,
  }),
});
