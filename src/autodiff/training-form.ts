import type { GraphBuilder, Value } from '../onnx/builder.js';
import { floatAttribute, type Node, nodeLabel, type Tensor } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { trainingBatchNormalization } from './batch-statistics.js';
import { constantFloats } from './constants.js';
import { dimsOf, scale } from './emit.js';
import { unsupportedForm } from './refusal.js';

/** What the batch's own statistics are, and where the running ones live. */
export interface BatchStatistics {
  /** The node in the model. */
  readonly node: string;
  /** The model's initializers that hold the running statistics. */
  readonly meanName: string;
  readonly varName: string;
  /** [C], of this batch. */
  readonly mean: Value;
  /** [C], the population variance of this batch (divided by `count`). */
  readonly variance: Value;
  /**
   * ONNX's momentum, the share that is kept: running = momentum · running + (1 − momentum) · batch. PyTorch's momentum
   * is 1 minus it, and PyTorch (with it Lathe) puts the unbiased variance, variance · count / (count − 1), into the
   * running one.
   */
  readonly momentum: number;
  /** Elements per channel in the batch. */
  readonly count: number;
}

/** A graph input that decides which elements a dropout keeps. */
export interface DropoutMask {
  /** Name of the graph input, uint8. */
  readonly input: string;
  readonly shape: readonly number[];
  /** Probability that an element is dropped (0 in the mask). Kept ones are scaled by 1 / (1 − ratio) in the graph. */
  readonly ratio: number;
}

export interface TrainingForm {
  readonly b: GraphBuilder;
  readonly prefix: string;
  /** The model's own constants. */
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Values of the model by its own names. */
  readonly values: Map<string, Value>;
  readonly batchStatistics: BatchStatistics[];
  readonly masks: DropoutMask[];
}

/** Appends the training form of a node and gives true, or does nothing and gives false where it has none of its own. */
export function trainingForm(form: TrainingForm, node: Node, batchNorm: 'train' | 'frozen'): boolean {
  if (node.domain !== '' && node.domain !== 'ai.onnx') return false;
  switch (node.opType) {
    case 'BatchNormalization':
      return batchNorm === 'train' && batchNormalization(form, node);
    case 'Dropout':
      return dropout(form, node);
    case 'LayerNormalization':
      return layerNormalization(form, node);
    default:
      return false;
  }
}

function batchNormalization(form: TrainingForm, node: Node): boolean {
  const { b, values, prefix } = form;
  const [x, scaleValue, bias] = node.inputs.map((name) => values.get(name)) as [Value, Value, Value];
  const [channels] = dimsOf(scaleValue);
  const areStored = node.inputs.slice(3).every((name) => {
    const stored = form.initializers.get(name);
    return stored?.dataType === 'float32' && stored.dims.length === 1 && stored.dims[0] === channels;
  });
  if (!areStored) {
    throw unsupportedForm(node, 'its running mean and variance are no float32 constants with one number per channel');
  }
  const { y, mean, variance } = trainingBatchNormalization(b, {
    x,
    scale: scaleValue,
    bias,
    epsilon: floatAttribute(node, 'epsilon', 1e-5),
    name: prefix + nodeLabel(node),
    output: b.unique(prefix + node.outputs[0]!),
  });
  values.set(node.outputs[0]!, y);
  form.batchStatistics.push({
    node: nodeLabel(node),
    meanName: node.inputs[3]!,
    varName: node.inputs[4]!,
    mean,
    variance,
    momentum: floatAttribute(node, 'momentum', 0.9),
    count: sizeOf(dimsOf(x)) / dimsOf(x)[1]!,
  });
  return true;
}

/** Multiplication with a mask from outside: faster than drawing one in the graph, and its seed is ours. */
function dropout(form: TrainingForm, node: Node): boolean {
  const { b, values, prefix } = form;
  const x = values.get(node.inputs[0]!)!;
  const ratioName = node.inputs[1] ?? '';
  const ratio = ratioName === '' ? 0.5 : constantFloats(b, values.get(ratioName)!)?.[0];
  const [y, maskName] = [node.outputs[0]!, node.outputs[1] ?? ''];
  if (ratio === undefined) return false;
  const shape = dimsOf(x);
  const input = b.unique(`mask:${prefix}${nodeLabel(node)}`);
  const mask = b.input(input, 'uint8', shape);
  const kept = scale(b, b.op('Cast', [mask], { to: 1 }), 1 / (1 - ratio));
  values.set(y, b.op('Mul', [x, kept], {}, { name: prefix + nodeLabel(node), outputs: [b.unique(prefix + y)] }));
  if (maskName !== '') values.set(maskName, b.op('Cast', [mask], { to: 9 }));
  form.masks.push({ input, shape, ratio });
  return true;
}

/** The statistics become outputs, so that the gradient need not compute them again. */
function layerNormalization(form: TrainingForm, node: Node): boolean {
  const { b, values, prefix } = form;
  const inputs = node.inputs.map((name) => (name === '' ? null : values.get(name)!));
  const [y, ...statistics] = b.ops('LayerNormalization', inputs, 3, Object.fromEntries(node.attributes), {
    name: prefix + nodeLabel(node),
    outputs: [b.unique(prefix + node.outputs[0]!)],
  });
  values.set(node.outputs[0]!, y!);
  statistics.forEach((value, index) => {
    const name = node.outputs[index + 1] ?? '';
    if (name !== '') values.set(name, value);
  });
  return true;
}
