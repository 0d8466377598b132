import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('Split', {
  'equal parts': { inputs: [normal(2, 4)], attributes: { axis: 1, num_outputs: 2 }, outputs: 2 },
  'given sizes': { inputs: [normal(5, 2), ints(1, 4)], attributes: { axis: 0 }, outputs: 2 },
  'a part that nothing uses': {
    inputs: [normal(2, 4)],
    build: (b, [x]) => b.ops('Split', [x!], 2, { axis: 1, num_outputs: 2 })[1]!,
  },
});
