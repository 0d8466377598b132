import { intAttribute, type Node, stringAttribute } from '../../onnx/ir.js';
import { constantFloats } from '../constants.js';
import { dimsOf, filled } from '../emit.js';
import { type AxisMap, applyTransposed } from '../lowerings/axis-map.js';
import { resizeWeights } from '../lowerings/resize-weights.js';
import { defineGradient } from '../rule.js';

/** Resizing is a linear map along every axis, one after the other: the gradient is the transposed maps applied to dY. */
export const resizeGradient = defineGradient({
  opType: 'Resize',
  inputs: ['X', 'roi?', 'scales?', 'sizes?'],
  outputs: ['Y'],
  unsupported: reasonAgainst,
  gradient({ b, node, X, scales, dY }) {
    const from = dimsOf(X);
    const to = dimsOf(dY);
    if (to.includes(0)) return { X: filled(b, from, 0), roi: null, scales: null, sizes: null };
    const given = scales === null ? undefined : constantFloats(b, scales);
    const axes = axesOf(node, from.length);
    const maps: AxisMap[] = from.flatMap((size, axis) => {
      const index = axes.indexOf(axis);
      const scale = given === undefined || given.length === 0 ? to[axis]! / size : (given[index] ?? 1);
      if (index < 0 || (scale === 1 && to[axis] === size)) return [];
      return [{ axis, rows: resizeWeights(node, { size, result: to[axis]!, scale }) }];
    });
    return { X: applyTransposed(b, dY, maps), roi: null, scales: null, sizes: null };
  },
});

function axesOf(node: Node, rank: number): number[] {
  const attribute = node.attributes.get('axes');
  if (attribute?.type !== 'ints') return Array.from({ length: rank }, (_, axis) => axis);
  return attribute.value.map((axis) => (axis + rank) % rank);
}

function reasonAgainst(node: Node): string | null {
  if (stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize') return 'cropping';
  if (intAttribute(node, 'antialias', 0) === 1) return 'antialiasing';
  if (stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch') return 'keep_aspect_ratio_policy';
  return null;
}
