import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Einsum', {
  'a product of matrices': { inputs: [normal(3, 4), normal(4, 2)], attributes: { equation: 'ij,jk->ik' } },
  'attention scores': {
    inputs: [normal(2, 3, 2, 4), normal(2, 5, 2, 4)],
    attributes: { equation: 'bqhd,bkhd->bhqk' },
  },
  'three factors': {
    inputs: [normal(2, 3), normal(3, 4), normal(4)],
    attributes: { equation: 'ij, jk, k -> i' },
  },
  'a letter that only one factor has': { inputs: [normal(2, 3, 4), normal(2)], attributes: { equation: 'ijk,i->ij' } },
  'no arrow': { inputs: [normal(3, 2), normal(3, 4)], attributes: { equation: 'ba,bc' } },
  'one factor': { inputs: [normal(3, 2, 4)], attributes: { equation: 'abc->ca' } },
});
