import { intAttribute, stringAttribute } from '../../onnx/ir.js';
import { dimsOf, filled } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Updates receive the gradient of where they went; overwritten data receives none. Indices must not repeat. */
export const scatterElementsGradient = defineGradient({
  opType: 'ScatterElements',
  inputs: ['data', 'indices', 'updates'],
  outputs: ['output'],
  unsupported: (node) => {
    const reduction = stringAttribute(node, 'reduction', 'none');
    return reduction === 'none' || reduction === 'add' ? null : `the reduction "${reduction}"`;
  },
  gradient({ b, node, indices, updates, dOutput, wants }) {
    const axis = intAttribute(node, 'axis', 0);
    const adds = stringAttribute(node, 'reduction', 'none') === 'add';
    const erased = () => b.op('ScatterElements', [dOutput, indices, filled(b, dimsOf(updates), 0)], { axis });
    return {
      data: !wants.data ? null : adds ? dOutput : erased(),
      indices: null,
      updates: wants.updates ? b.op('GatherElements', [dOutput, indices], { axis }) : null,
    };
  },
});
