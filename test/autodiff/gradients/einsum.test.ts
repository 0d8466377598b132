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
  'an ellipsis for batches that broadcast': {
    inputs: [normal(1, 3, 4), normal(5, 4, 2)],
    attributes: { equation: '...ij,...jk->...ik' },
  },
  'an ellipsis that one factor has summed': {
    inputs: [normal(2, 3, 4), normal(4)],
    attributes: { equation: '...d,d->...' },
  },
  'an ellipsis and no arrow': { inputs: [normal(2, 3, 4), normal(2, 4, 2)], attributes: { equation: '...ij,...jk' } },
  'one factor': { inputs: [normal(3, 2, 4)], attributes: { equation: 'abc->ca' } },
});
