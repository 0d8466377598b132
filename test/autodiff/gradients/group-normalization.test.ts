import { describeGradient, normal, positive } from '../../support/gradcheck.js';

describeGradient('GroupNormalization', {
  'one scale a group': { inputs: [normal(2, 4, 2, 2), positive(2), normal(2)], attributes: { num_groups: 2 } },
  'one scale a channel, opset 21': {
    inputs: [normal(2, 4, 2, 2), positive(4), normal(4)],
    build(b, [x, scale, bias]) {
      b.opsets.set('', 21);
      return b.op('GroupNormalization', [x!, scale!, bias!], { num_groups: 2 });
    },
  },
});
