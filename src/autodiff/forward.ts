import type { GraphBuilder, Value } from '../onnx/builder.js';
import { type Model, type Node, nodeLabel } from '../onnx/ir.js';
import { int64Tensor } from '../onnx/tensor.js';
import { renameCaptured } from './captured.js';
import { atNode } from './dynamic-shape.js';
import { type BatchStatistics, type DropoutMask, type TrainingForm, trainingForm } from './training-form.js';

export interface ForwardOptions {
  /** A value for every graph input of the model. Give them static shapes if gradients are to follow. */
  readonly inputs: Readonly<Record<string, Value>>;
  /** Weights that come from elsewhere, by initializer name; the others are copied as constants. */
  readonly bindings?: ReadonlyMap<string, Value>;
  /** Training form (batch statistics, dropout masks) or inference form. */
  readonly training: boolean;
  /**
   * In training form, whether batch normalization uses the batch's statistics ('train', the default) or the stored
   * ones ('frozen'); or a choice for each node.
   */
  readonly batchNorm?: BatchNormForm | ((node: Node) => BatchNormForm);
  /** Put before every name, for a second model in the same graph (a teacher). */
  readonly prefix?: string;
}

export type BatchNormForm = 'train' | 'frozen';

export interface Forward {
  /** By the model's own output names. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Every value of the model by its own name, for losses on inner layers. */
  readonly values: ReadonlyMap<string, Value>;
  /** One entry per batch normalization in training form, in graph order. */
  readonly batchStatistics: readonly BatchStatistics[];
  /** One entry per dropout in training form: graph inputs that the caller must feed with 0 and 1. */
  readonly masks: readonly DropoutMask[];
}

/**
 * Copies a model's nodes into a builder. Names are kept where they are free. Shape arithmetic whose result is known
 * becomes a constant, since all shapes of a training graph are static.
 * The builder must have the model's opset.
 */
export function appendForward(b: GraphBuilder, model: Model, options: ForwardOptions): Forward {
  const opset = model.opsets.get('') ?? 1;
  if (b.opsets.get('') !== opset) {
    throw new Error(`internal: a model of opset ${opset} does not go into a graph of opset ${b.opsets.get('')}`);
  }
  for (const [domain, version] of model.opsets) if (!b.opsets.has(domain)) b.opsets.set(domain, version);
  const prefix = options.prefix ?? '';
  const values = new Map<string, Value>(options.bindings);
  for (const { name } of model.graph.inputs) {
    const value = options.inputs[name];
    if (value === undefined) throw new Error(`internal: no value for the input "${name}" of the model`);
    values.set(name, value);
  }
  for (const [name, tensor] of model.graph.initializers) {
    if (!values.has(name)) values.set(name, b.initializer(b.unique(prefix + name), tensor));
  }
  const form: TrainingForm = {
    b,
    prefix,
    initializers: model.graph.initializers,
    values,
    batchStatistics: [],
    masks: [],
  };
  for (const node of model.graph.nodes) {
    const isHandled = options.training && atNode(node, () => trainingForm(form, node, batchNormOf(options, node)));
    if (!isHandled) copyNode(form, node);
  }
  const outputs = Object.fromEntries(model.graph.outputs.map(({ name }) => [name, lookUp(values, name)]));
  return { outputs, values, batchStatistics: form.batchStatistics, masks: form.masks };
}

function copyNode({ b, prefix, values }: TrainingForm, node: Node): void {
  const copy: Node = {
    ...node,
    name: b.unique(prefix + nodeLabel(node)),
    inputs: node.inputs.map((name) => (name === '' ? '' : lookUp(values, name).name)),
    outputs: node.outputs.map((name) => (name === '' ? '' : b.unique(prefix + name))),
    attributes: renameCaptured(node.attributes, (name) => values.get(name)?.name),
  };
  const results = b.append(copy);
  node.outputs
    .filter((name) => name !== '')
    .forEach((name, index) => {
      values.set(name, asConstant(b, results[index]!));
    });
}

/** A known integer result of shape arithmetic as a constant; other values as they are. */
function asConstant(b: GraphBuilder, value: Value): Value {
  const known = b.knownOf(value);
  if (known === undefined || value.dataType !== 'int64' || !known.isInteger) return value;
  if (!known.values.every((item) => typeof item === 'number')) return value;
  return b.constant(int64Tensor(known.values, known.dims));
}

function lookUp(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value === undefined) throw new Error(`internal: "${name}" is used before it is computed`);
  return value;
}

function batchNormOf({ batchNorm = 'train' }: ForwardOptions, node: Node): BatchNormForm {
  return typeof batchNorm === 'function' ? batchNorm(node) : batchNorm;
}
