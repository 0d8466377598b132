import { floatAttribute, intAttribute, nodeLabel } from '../ir.js';
import { int64Tensor } from '../tensor.js';
import type { UpgradeRule, UpgradeTable } from './rule.js';

/**
 * Until version 6 the second operand was broadcast only where `broadcast` said so, from `axis` on (default: at the end);
 * since 7 always, at the end. An operand in the middle gets dimensions of 1 behind it.
 */
const operands: UpgradeRule = (node, site) => {
  const axis = node.attributes.has('axis') ? intAttribute(node, 'axis', 0) : undefined;
  node.attributes.delete('axis');
  node.attributes.delete('broadcast');
  if (axis === undefined) return [node];
  const left = site.typeOf(node.inputs[0])?.shape;
  const right = site.typeOf(node.inputs[1])?.shape;
  if (left === undefined || left === null || right === undefined || right === null) {
    throw site.refusal(node, 'broadcasts along an axis, but the ranks of its inputs are unknown');
  }
  const behind = left.length - (axis < 0 ? axis + left.length : axis) - right.length;
  if (behind <= 0) return [node];
  const constant = site.constantOf(node.inputs[1]);
  if (constant !== undefined) {
    const dims = [...constant.dims, ...new Array<number>(behind).fill(1)];
    node.inputs[1] = site.constant(`${node.inputs[1]}.expanded`, { ...constant, dims });
    return [node];
  }
  const axes = Array.from({ length: behind }, (_, i) => right.length + i);
  const unsqueeze = site.node(node, 'Unsqueeze', [node.inputs[1]!], { axes: { type: 'ints', value: axes } });
  node.inputs[1] = unsqueeze.outputs[0]!;
  return [unsqueeze, node];
};

/** The slope, one number or one per channel, is broadcast at the end since version 7. */
const slope: UpgradeRule = (node, site) => {
  const rank = site.typeOf(node.inputs[0])?.shape?.length;
  const shape = site.typeOf(node.inputs[1])?.shape;
  if (rank === undefined || shape?.length === undefined) throw site.refusal(node, 'has inputs of unknown rank');
  if (shape.length !== 1 || shape[0] === 1 || rank <= 2) return [node];
  const target = site.constant(`${nodeLabel(node)}.slope.shape`, int64Tensor([-1, ...new Array(rank - 2).fill(1)]));
  const reshape = site.node(node, 'Reshape', [node.inputs[1]!, target]);
  node.inputs[1] = reshape.outputs[0]!;
  return [reshape, node];
};

const without =
  (...names: readonly string[]): UpgradeRule =>
  (node) => {
    for (const name of names) node.attributes.delete(name);
    return [node];
  };

/** Without `is_test` the node was in training, with other outputs. */
const normalization: UpgradeRule = (node, site) => {
  if (
    intAttribute(node, 'is_test', 0) === 0 &&
    node.outputs.slice(1).some((name) => name !== '' && site.isRead(name))
  ) {
    throw site.refusal(node, 'is in training');
  }
  node.outputs.length = 1;
  node.attributes.delete('is_test');
  return [node];
};

const upsample: UpgradeRule = (node) => {
  const scales = [1, 1, floatAttribute(node, 'height_scale', 1), floatAttribute(node, 'width_scale', 1)];
  node.attributes.delete('height_scale');
  node.attributes.delete('width_scale');
  node.attributes.set('scales', { type: 'floats', value: scales });
  return [node];
};

const BINARY = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'And', 'Or', 'Xor', 'Equal', 'Greater', 'Less'];

/** What version 7 changed. */
export const broadcastUpgrades: UpgradeTable = {
  ...Object.fromEntries(BINARY.map((op) => [op, { 7: operands }])),
  PRelu: { 7: slope },
  Gemm: { 7: without('broadcast') },
  Dropout: { 7: without('is_test') },
  BatchNormalization: { 7: normalization },
  Upsample: { 7: upsample },
  RNN: { 7: without('output_sequence') },
  GRU: { 7: without('output_sequence') },
  LSTM: { 7: without('output_sequence') },
};
