import { describeGradient, floats, ints, normal } from '../../support/gradcheck.js';

describeGradient('Resize', {
  'nearest, twice the size': {
    inputs: [normal(1, 2, 3, 3), null, floats([1, 1, 2, 2], 4)],
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  },
  'nearest, smaller': { inputs: [normal(1, 2, 6, 5), null, null, ints(1, 2, 3, 2)] },
  'linear by half pixels': {
    inputs: [normal(1, 2, 3, 4), null, floats([1, 1, 2, 1.5], 4)],
    attributes: { mode: 'linear' },
  },
  'linear, smaller': { inputs: [normal(1, 2, 5, 6), null, null, ints(1, 2, 3, 4)], attributes: { mode: 'linear' } },
  'linear with aligned corners': {
    inputs: [normal(1, 2, 3, 3), null, null, ints(1, 2, 5, 7)],
    attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
  },
  'nothing left': { inputs: [normal(1, 1, 1, 2), null, floats([1, 1, 0.5, 1], 4)], attributes: { mode: 'linear' } },
  'cubic, larger': {
    inputs: [normal(1, 1, 3, 4), null, floats([1, 1, 2, 1.5], 4)],
    attributes: { mode: 'cubic' },
  },
  'cubic, smaller, with another coefficient and nothing from outside': {
    inputs: [normal(1, 1, 5, 6), null, null, ints(1, 1, 3, 4)],
    attributes: { mode: 'cubic', cubic_coeff_a: -0.5, exclude_outside: 1 },
  },
  'linear by half pixels as in PyTorch': {
    inputs: [normal(1, 2, 3, 3), null, null, ints(1, 2, 5, 1)],
    attributes: { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' },
  },
});
