import { stringAttribute } from '../../onnx/ir.js';
import { dimsOf, filled } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Updates receive the gradient of where they went; overwritten data receives none. Indices must not repeat. */
export const scatterNdGradient = defineGradient({
  opType: 'ScatterND',
  inputs: ['data', 'indices', 'updates'],
  outputs: ['output'],
  unsupported: (node) => {
    const reduction = stringAttribute(node, 'reduction', 'none');
    return reduction === 'none' || reduction === 'add' ? null : `the reduction "${reduction}"`;
  },
  gradient({ b, node, indices, updates, dOutput, wants }) {
    const adds = stringAttribute(node, 'reduction', 'none') === 'add';
    const erased = () => b.op('ScatterND', [dOutput, indices, filled(b, dimsOf(updates), 0)]);
    return {
      data: !wants.data ? null : adds ? dOutput : erased(),
      indices: null,
      updates: wants.updates ? b.op('GatherND', [dOutput, indices]) : null,
    };
  },
});
