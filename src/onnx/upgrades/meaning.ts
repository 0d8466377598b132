import { type Attribute, type Dim, intAttribute, type Node, nodeLabel, stringAttribute } from '../ir.js';
import { bitsOf, floatsOf, floatTensor, int64Tensor } from '../tensor.js';
import { setInput, type UpgradeRule, type UpgradeTable } from './rule.js';

/**
 * Before version 13, Softmax, LogSoftmax and Hardmax took everything from `axis` (default 1) on as one long axis; since
 * then, `axis` alone. The same where only that axis is longer than 1; otherwise the input is made a matrix first.
 */
const softmax: UpgradeRule = (node, site) => {
  const shape = site.typeOf(node.inputs[0])?.shape;
  const stated = intAttribute(node, 'axis', 1);
  const isSame = stated === -1 || (shape !== undefined && shape !== null && isLastLong(shape, stated));
  if (isSame) {
    node.attributes.set('axis', int(stated));
    return [node];
  }
  const flat = site.node(node, 'Flatten', [node.inputs[0]!], { axis: int(stated) });
  const isStatic = shape?.every((dim) => typeof dim === 'number') === true;
  const before: Node[] = [flat];
  let target: string;
  if (isStatic) {
    target = site.constant(`${nodeLabel(node)}.shape`, int64Tensor(shape as number[]));
  } else {
    const shapeNode = site.node(node, 'Shape', [node.inputs[0]!]);
    before.push(shapeNode);
    target = shapeNode.outputs[0]!;
  }
  const result = node.outputs[0]!;
  node.inputs = [flat.outputs[0]!];
  node.outputs = [site.unique(`${nodeLabel(node)}.flat`)];
  node.attributes.set('axis', int(-1));
  const reshape = site.node(node, 'Reshape', [node.outputs[0]!, target]);
  reshape.outputs = [result];
  return [...before, node, reshape];
};

/** Whether all axes behind this one have the size 1. */
function isLastLong(shape: readonly Dim[], axis: number): boolean {
  const at = axis < 0 ? axis + shape.length : axis;
  return shape.every((dim, i) => i <= at || dim === 1);
}

/** `spatial` said whether statistics are per channel, which is the only way since. */
const normalizationSpatial: UpgradeRule = (node, site) => {
  if (intAttribute(node, 'spatial', 1) !== 1)
    throw site.refusal(node, 'normalizes every position by itself (spatial = 0)');
  node.attributes.delete('spatial');
  return [node];
};

/** Several outputs meant training; since version 14 an attribute says so, and the outputs are others. */
const normalizationTraining: UpgradeRule = (node, site) => {
  if (node.outputs.slice(1).some((name) => name !== '' && site.isRead(name))) {
    throw site.refusal(node, 'gives out the statistics of training in the old way');
  }
  node.outputs.length = 1;
  return [node];
};

const upsampleScales: UpgradeRule = (node, site) => {
  const scales = node.attributes.get('scales');
  if (scales?.type !== 'floats') throw site.refusal(node, 'has no scales');
  node.attributes.delete('scales');
  setInput(node, 1, site.constant(`${nodeLabel(node)}.scales`, floatTensor(scales.value, [scales.value.length])));
  return [node];
};

const upsampleToResize: UpgradeRule = (node) => {
  node.opType = 'Resize';
  if (stringAttribute(node, 'mode', 'nearest') !== 'nearest') node.attributes.set('mode', text('linear'));
  return [node];
};

/**
 * Version 10 took coordinates as x / scale; nearest was the floor when growing and the ceiling when shrinking.
 * onnxruntime's kernel is the reference: the specification left it open.
 */
const resizeCoordinates: UpgradeRule = (node, site) => {
  node.attributes.set('coordinate_transformation_mode', text('asymmetric'));
  const scales = node.inputs[1] ?? '';
  if (stringAttribute(node, 'mode', 'nearest') === 'nearest') {
    const tensor = site.constantOf(scales);
    const values = tensor?.dataType === 'float32' ? [...floatsOf(tensor)] : undefined;
    const grows = values?.every((scale) => scale >= 1) ?? false;
    const shrinks = values?.every((scale) => scale <= 1) ?? false;
    if (!grows && !shrinks)
      throw site.refusal(node, 'grows one axis and shrinks another, or has scales that are computed');
    node.attributes.set('nearest_mode', text(grows ? 'floor' : 'ceil'));
  }
  const roi = site.constant(`${nodeLabel(node)}.roi`, floatTensor([], [0]));
  node.inputs = [node.inputs[0]!, roi, scales];
  return [node];
};

const renameTo =
  (opType: string): UpgradeRule =>
  (node) => {
    node.opType = opType;
    return [node];
  };

/** Regions were sampled without the shift by half a pixel that is the default since version 16. */
const roiAlign: UpgradeRule = (node) => {
  node.attributes.set('coordinate_transformation_mode', text('output_half_pixel'));
  return [node];
};

const gridSample: UpgradeRule = (node) => {
  const mode = stringAttribute(node, 'mode', 'bilinear');
  node.attributes.set('mode', text(mode === 'bilinear' ? 'linear' : mode === 'bicubic' ? 'cubic' : mode));
  return [node];
};

/** Scale and bias were one value per group and are one per channel since version 21. */
const groupNormalization: UpgradeRule = (node, site) => {
  const channels = site.typeOf(node.inputs[0])?.shape?.[1];
  for (const index of [1, 2]) {
    const tensor = site.constantOf(node.inputs[index]);
    if (tensor === undefined || typeof channels !== 'number')
      throw site.refusal(node, 'has a scale or bias that is computed');
    const groups = tensor.dims[0]!;
    const size = bitsOf(tensor.dataType) / 8;
    const bytes = new Uint8Array(channels * size);
    for (let c = 0; c < channels; c++) {
      const group = Math.floor((c * groups) / channels);
      bytes.set(tensor.bytes.subarray(group * size, (group + 1) * size), c * size);
    }
    node.inputs[index] = site.constant(`${node.inputs[index]}.channels`, { ...tensor, dims: [channels], bytes });
  }
  return [node];
};

const scan: UpgradeRule = (node, site) => {
  throw site.refusal(node, 'is a Scan of opset 8, which had a batch axis');
};

function int(value: number): Attribute {
  return { type: 'int', value };
}

function text(value: string): Attribute {
  return { type: 'string', value };
}

/** Changes of what operators mean. */
export const meaningUpgrades: UpgradeTable = {
  Softmax: { 13: softmax },
  LogSoftmax: { 13: softmax },
  Hardmax: { 13: softmax },
  BatchNormalization: { 9: normalizationSpatial, 14: normalizationTraining },
  Upsample: { 9: upsampleScales, 10: upsampleToResize },
  Resize: { 11: resizeCoordinates },
  Scatter: { 11: renameTo('ScatterElements') },
  RoiAlign: { 16: roiAlign },
  GridSample: { 20: gridSample },
  GroupNormalization: { 21: groupNormalization },
  Scan: { 9: scan },
};
