import { constant, describeGradient, floats, normal } from '../../support/gradcheck.js';

const off = constant({ dataType: 'bool', dims: [], bytes: new Uint8Array(1) });

describeGradient('Dropout', {
  inference: { inputs: [normal(3, 4)] },
  'inference with a ratio': { inputs: [normal(2, 3), floats([0.3])] },
  'training that is switched off': { inputs: [normal(2, 3), floats([0.3]), off] },
  'training that is switched off, with a mask': {
    inputs: [normal(2, 3), floats([0.3]), off],
    build: (b, values) => b.ops('Dropout', values, 2)[0]!,
  },
});
