import { type DataType, floatAttribute, intAttribute, type Node, nodeLabel } from '../ir.js';
import { dataTypeNumber } from '../proto/data-type.js';
import { floatTensor, int64Tensor, scalarTensor } from '../tensor.js';
import { intsToInput, setInput, type UpgradeRule, type UpgradeSite, type UpgradeTable } from './rule.js';

const axesToInput = intsToInput('axes', 1);

/** A float attribute as a scalar input of the type of the node's first input; nothing if it is not given. */
function floatToInput(node: Node, site: UpgradeSite, name: string, index: number): void {
  if (!node.attributes.has(name)) return;
  const value = floatAttribute(node, name, 0);
  node.attributes.delete(name);
  setInput(node, index, site.constant(`${nodeLabel(node)}.${name}`, scalarTensor(value, floatTypeOf(node, site))));
}

function floatTypeOf(node: Node, site: UpgradeSite): DataType {
  const dataType = site.typeOf(node.inputs[0])?.dataType ?? 'undefined';
  if (dataType === 'undefined') return 'float32';
  if (!/float/.test(dataType)) throw site.refusal(node, `computes in ${dataType}, which it could not in this version`);
  return dataType;
}

const slice: UpgradeRule = (node, site) => {
  for (const [index, name] of ['starts', 'ends', 'axes'].entries()) intsToInput(name, index + 1)(node, site);
  return [node];
};

const topK: UpgradeRule = (node, site) => {
  setInput(node, 1, site.constant(`${nodeLabel(node)}.k`, int64Tensor([intAttribute(node, 'k', 1)])));
  node.attributes.delete('k');
  return [node];
};

const pad: UpgradeRule = (node, site) => {
  intsToInput('pads', 1)(node, site);
  floatToInput(node, site, 'value', 2);
  return [node];
};

const clip: UpgradeRule = (node, site) => {
  floatToInput(node, site, 'min', 1);
  floatToInput(node, site, 'max', 2);
  return [node];
};

/** The mask, of the data's type before version 10, is bool since: whoever reads it gets it cast. */
const dropoutMask: UpgradeRule = (node, site) => {
  const mask = node.outputs[1] ?? '';
  if (mask === '' || !site.isRead(mask)) {
    node.outputs.length = Math.min(node.outputs.length, 1);
    return [node];
  }
  node.outputs[1] = site.unique(`${mask}.bool`);
  const cast = site.node(node, 'Cast', [node.outputs[1]], {
    to: { type: 'int', value: dataTypeNumber(floatTypeOf(node, site)) },
  });
  cast.outputs = [mask];
  return [node, cast];
};

const dropoutRatio: UpgradeRule = (node, site) => {
  if (!node.attributes.has('ratio')) return [node];
  const ratio = floatTensor([floatAttribute(node, 'ratio', 0.5)], []);
  node.attributes.delete('ratio');
  setInput(node, 1, site.constant(`${nodeLabel(node)}.ratio`, ratio));
  return [node];
};

const splitCount: UpgradeRule = (node) => {
  if ((node.inputs[1] ?? '') === '') node.attributes.set('num_outputs', { type: 'int', value: node.outputs.length });
  return [node];
};

const dft: UpgradeRule = (node, site) => {
  setInput(node, 2, site.constant(`${nodeLabel(node)}.axis`, scalarTensor(intAttribute(node, 'axis', 1), 'int64')));
  node.attributes.delete('axis');
  return [node];
};

const REDUCTIONS = ['Mean', 'Max', 'Min', 'Prod', 'L1', 'L2', 'LogSum', 'LogSumExp', 'SumSquare'];

/** Changes that move settings from attributes to inputs. */
export const attributeUpgrades: UpgradeTable = {
  Slice: { 10: slice },
  TopK: { 10: topK },
  Pad: { 11: pad },
  Clip: { 11: clip },
  Dropout: { 10: dropoutMask, 12: dropoutRatio },
  Squeeze: { 13: axesToInput },
  Unsqueeze: { 13: axesToInput },
  ReduceSum: { 13: axesToInput },
  ...Object.fromEntries(REDUCTIONS.map((name) => [`Reduce${name}`, { 18: axesToInput }])),
  Split: { 13: intsToInput('split', 1), 18: splitCount },
  DFT: { 20: dft },
};
