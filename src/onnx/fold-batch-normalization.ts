import { type GraphIndex, indexGraph } from './graph-index.js';
import { cloneModel, floatAttribute, intAttribute, type Model, type Node, type Tensor } from './ir.js';
import { floatsOf, floatTensor, sizeOf } from './tensor.js';

/**
 * A copy of the model in which every inference-mode BatchNormalization directly behind a Conv, ConvTranspose or Gemm has
 * become part of that operator's weight and bias:
 *   a = gamma / sqrt(variance + epsilon), W' = W × a per output channel, b' = (b - mean) × a + beta.
 * Computed in float64 and rounded once. One that cannot be folded (the operator's output is read by others too or is a graph
 * output, a parameter is no constant) stays as it is.
 * Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference".
 */
export function foldBatchNormalization(model: Model): Model {
  const folded = cloneModel(model);
  const index = indexGraph(folded);
  const removed = new Set<Node>();
  const replaced: string[] = [];
  for (const node of folded.graph.nodes) {
    const producer = node.opType === 'BatchNormalization' ? index.producer(node.inputs[0]!) : undefined;
    const before = producer?.inputs.slice(1) ?? [];
    if (producer === undefined || !foldInto(folded, index, producer, node)) continue;
    replaced.push(...before, ...node.inputs);
    producer.outputs = [node.outputs[0]!];
    folded.graph.valueInfo.delete(node.inputs[0]!);
    removed.add(node);
  }
  folded.graph.nodes = folded.graph.nodes.filter((node) => !removed.has(node));
  dropUnread(folded, replaced);
  return folded;
}

/** Rewrites the weight and bias of `producer`; false, with nothing changed, if that is not possible. */
function foldInto(model: Model, index: GraphIndex, producer: Node, norm: Node): boolean {
  const { initializers } = model.graph;
  const output = norm.inputs[0]!;
  if (index.isOutput(output) || index.consumers(output).length > 1) return false;
  if (intAttribute(norm, 'training_mode', 0) !== 0) return false;
  const constants = norm.inputs.slice(1, 5).map((name) => float(initializers.get(name)));
  const weight = float(initializers.get(producer.inputs[1] ?? ''));
  const biasName = producer.inputs[2] ?? '';
  const bias = float(initializers.get(biasName));
  const layout = weight === undefined ? undefined : channelLayout(producer, weight.dims);
  if (constants.some((tensor) => tensor === undefined) || weight === undefined || layout === undefined) return false;
  if (biasName !== '' && (bias === undefined || !isPerChannel(bias, layout.channels))) return false;

  const [gamma, beta, mean, variance] = constants.map((tensor) => floatsOf(tensor!)) as FourVectors;
  const epsilon = floatAttribute(norm, 'epsilon', 1e-5);
  const factor = Float64Array.from(gamma, (value, c) => value / Math.sqrt(variance[c]! + epsilon));
  const oldBias = bias === undefined ? undefined : floatsOf(bias);
  // Gemm computes alpha A B + beta C: alpha scales with the weight, beta is worked into the bias.
  const biasFactor = producer.opType === 'Gemm' ? floatAttribute(producer, 'beta', 1) : 1;
  const newBias = Float32Array.from(factor, (a, c) => {
    const b = oldBias === undefined ? 0 : biasFactor * (oldBias.length === 1 ? oldBias[0]! : oldBias[c]!);
    return (b - mean[c]!) * a + beta[c]!;
  });
  const floats = floatsOf(weight);
  const newWeight = Float32Array.from(floats, (value, i) => value * factor[layout.channelOf(i)]!);

  producer.attributes.delete('beta');
  producer.inputs = [
    producer.inputs[0]!,
    store(model, index, producer.inputs[1]!, floatTensor(newWeight, weight.dims)),
    store(model, index, biasName === '' ? `${producer.name}.bias` : biasName, floatTensor(newBias, [layout.channels])),
  ];
  return true;
}

type FourVectors = [Float32Array, Float32Array, Float32Array, Float32Array];

/** Replaces the initializer, or adds one beside it where another node reads it too. */
function store(model: Model, index: GraphIndex, name: string, tensor: Tensor): string {
  const isPrivate = model.graph.initializers.has(name) && index.consumers(name).length === 1;
  const target = isPrivate ? name : index.unique(`${name}.folded`);
  model.graph.initializers.set(target, tensor);
  return target;
}

interface ChannelLayout {
  readonly channels: number;
  /** Output channel of the weight at a flat index. */
  channelOf(index: number): number;
}

/** Where the output channel sits in a weight: Conv [O, I/g, …], ConvTranspose [I, O/g, …], Gemm [N, K] or [K, N]. */
function channelLayout(node: Node, dims: readonly number[]): ChannelLayout | undefined {
  const inner = sizeOf(dims.slice(1));
  switch (node.opType) {
    case 'Conv':
      return { channels: dims[0]!, channelOf: (i) => Math.floor(i / inner) };
    case 'ConvTranspose': {
      const group = intAttribute(node, 'group', 1);
      const perGroup = dims[1]!;
      const inputsPerGroup = dims[0]! / group;
      const kernel = sizeOf(dims.slice(2));
      const channelOf = (i: number) =>
        Math.floor(Math.floor(i / inner) / inputsPerGroup) * perGroup + (Math.floor(i / kernel) % perGroup);
      return { channels: perGroup * group, channelOf };
    }
    case 'Gemm':
      if (intAttribute(node, 'transB', 0) !== 0) return { channels: dims[0]!, channelOf: (i) => Math.floor(i / inner) };
      return { channels: dims[1]!, channelOf: (i) => i % dims[1]! };
    default:
      return undefined;
  }
}

function isPerChannel(bias: Tensor, channels: number): boolean {
  const size = sizeOf(bias.dims);
  return size === 1 || (size === channels && (bias.dims.at(-1) ?? 1) === channels);
}

function float(tensor: Tensor | undefined): Tensor | undefined {
  return tensor?.dataType === 'float32' ? tensor : undefined;
}

/** Removes those of the initializers that nobody reads any more. */
function dropUnread(model: Model, names: readonly string[]): void {
  const { consumers, isOutput } = indexGraph(model);
  for (const name of names) {
    if (consumers(name).length === 0 && !isOutput(name)) model.graph.initializers.delete(name);
  }
}
