import { describeGradient, normal, positive } from '../../support/gradcheck.js';

describeGradient('LayerNormalization', {
  'the last axis': { inputs: [normal(3, 5), positive(5), normal(5)] },
  'two axes without bias': { inputs: [normal(2, 3, 4), positive(3, 4)], attributes: { axis: 1 } },
  'statistics as outputs': {
    inputs: [normal(2, 3, 4), positive(4), normal(4)],
    build: (b, [x, scale, bias]) => b.ops('LayerNormalization', [x!, scale!, bias!], 3)[0]!,
  },
});
