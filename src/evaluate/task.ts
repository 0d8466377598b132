import { UserError } from '../core/errors.js';
import type { Dataset } from '../data/dataset.js';
import { inferShapes } from '../onnx/infer.js';
import type { Dim, Model, Node, ValueInfo } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';

/** How a model is fed and read for one data set. */
export interface Task {
  readonly input: string;
  readonly output: string;
  /** The batch size that the model is fixed to; null where it takes any. */
  readonly fixedBatch: number | null;
  /** Numbers per sample in the output: classes, or values. */
  readonly outputSize: number;
  /** True if the output went through Softmax already: the loss takes its logarithm then. */
  readonly hasProbabilities: boolean;
}

/**
 * How to feed a model with a data set, after checking that they fit each other.
 * The output is the one named "logits", or else the first.
 * @param name how messages call the model
 * Throws EVALUATE_INPUT where the model does not take the samples, EVALUATE_LABELS where its outputs do not match the labels.
 */
export function taskOf(model: Model, data: Dataset, name: string): Task {
  const { inputs, outputs } = model.graph;
  const input = inputs[0];
  const output = outputs.find((candidate) => candidate.name === 'logits') ?? outputs[0];
  if (input === undefined || inputs.length > 1 || input.dataType !== 'float32') {
    const found = inputs.map((candidate) => `${candidate.name} (${candidate.dataType})`).join(', ') || 'none';
    throw new UserError(
      'EVALUATE_INPUT',
      `A model is evaluated through one float32 input, but ${name} has these inputs: ${found}.`,
      'Give it a model with one float32 input.',
    );
  }
  const fixedBatch = checkInput(input, data.inputShape, name);
  if (output === undefined || output.dataType !== 'float32') {
    throw new UserError('EVALUATE_LABELS', `${name} has no float32 output to compare with labels.`, '');
  }
  const shapes = inferShapes(model, { inputs: { [input.name]: [fixedBatch ?? 1, ...data.inputShape] } });
  const outputShape = shapes.get(output.name)?.shape ?? output.shape;
  return {
    input: input.name,
    output: output.name,
    fixedBatch,
    outputSize: checkOutput(output.name, outputShape, data, name),
    hasProbabilities: endsInSoftmax(model, output.name),
  };
}

function checkInput(input: ValueInfo, sample: readonly number[], name: string): number | null {
  const shape = input.shape;
  if (shape === null) return null;
  const fits =
    shape.length === sample.length + 1 &&
    sample.every((size, axis) => typeof shape[axis + 1] !== 'number' || shape[axis + 1] === size);
  if (!fits) {
    throw new UserError(
      'EVALUATE_INPUT',
      `${name} takes "${input.name}" ${describe(shape)}, but a sample of the data set is ${describe(sample)}.`,
      'Evaluate it on data of the shape that it was trained for.',
    );
  }
  return typeof shape[0] === 'number' ? shape[0] : null;
}

function checkOutput(output: string, shape: readonly Dim[] | null, data: Dataset, name: string): number {
  const { target } = data;
  const expected = target.kind === 'class' ? target.classes : sizeOf(target.shape);
  const dims = shape?.slice(1) ?? [];
  // Dimensions that nothing is known of are settled by the first batch; see predict.ts.
  if (shape === null || dims.some((dim) => typeof dim !== 'number')) return expected;
  const size = sizeOf(dims as number[]);
  if (size !== expected) {
    const [wanted, fix] =
      target.kind === 'class'
        ? [`the data set has ${expected} classes`, 'Use a model with one output per class.']
        : [`a target of the data set has ${expected} values`, 'Use a model with one output per value.'];
    throw new UserError(
      'EVALUATE_LABELS',
      `${name} gives "${output}" ${describe(shape)}, which is ${size} values a sample, but ${wanted}.`,
      fix,
    );
  }
  return size;
}

const PASSES_PROBABILITIES: ReadonlySet<string> = new Set(['QuantizeLinear', 'DequantizeLinear', 'Identity', 'Cast']);

function endsInSoftmax(model: Model, output: string): boolean {
  const producers = new Map<string, Node>();
  for (const node of model.graph.nodes) for (const name of node.outputs) producers.set(name, node);
  let node = producers.get(output);
  while (node !== undefined && PASSES_PROBABILITIES.has(node.opType)) node = producers.get(node.inputs[0] ?? '');
  return node?.opType === 'Softmax';
}

function describe(shape: readonly Dim[]): string {
  return `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
}
