import type { GraphIndex } from '../onnx/graph-index.js';
import { intAttribute, type Model, type Node } from '../onnx/ir.js';
import type { ValueType } from '../onnx/shapes/index.js';
import { sizeOf } from '../onnx/tensor.js';
import { type QdqRole, qdqRole } from './qdq-rules.js';
import type { FloatEntry } from './report.js';

/** What becomes integer, decided before any value is known. */
export interface QdqPlan {
  /** Nodes that compute on integers. */
  readonly nodes: ReadonlySet<Node>;
  /** Activations with a QuantizeLinear and DequantizeLinear → the tensor whose range they use (mostly themselves). */
  readonly activations: ReadonlyMap<string, string>;
  /** Relu and Clip nodes that the saturation of uint8 replaces. */
  readonly absorbed: ReadonlySet<Node>;
  readonly float: readonly FloatEntry[];
}

interface PlanContext {
  readonly model: Model;
  readonly index: GraphIndex;
  readonly types: ReadonlyMap<string, ValueType>;
  isSelected(node: Node): boolean;
}

/**
 * Decides by role (qdq-rules.ts). Graph outputs are never rounded unless a Conv makes them: a Gemm or MatMul gives float out
 * of integers by itself, and rounded logits tie. Pointwise operators join only behind an integer one: a lone one would only
 * be rounded twice.
 */
export function planQdq(context: PlanContext): QdqPlan {
  const { model } = context;
  const float: FloatEntry[] = [];
  const computing = computingNodes(context, float);
  const activations = new Map<string, string>();
  for (const node of computing) {
    for (const input of activationInputs(node, model)) activations.set(input, input);
    if (needsIntegerOutput(node)) {
      const output = clampBehind(node, context)?.outputs[0] ?? node.outputs[0]!;
      activations.set(output, output);
    }
  }
  const passing = passingNodes(context, computing, activations);
  // Only behind a computing node: a passing one has the range of its input, which need not end at the bound.
  const absorbed = new Set<Node>();
  for (const node of computing) {
    const clamp = clampBehind(node, context);
    if (clamp !== undefined && activations.has(clamp.outputs[0]!)) absorbed.add(clamp);
  }
  return { nodes: new Set([...computing, ...passing]), activations: resolveSources(activations), absorbed, float };
}

/** The weighted and pointwise nodes, in order; reasons for the others go to `float`. */
function computingNodes(context: PlanContext, float: FloatEntry[]): Set<Node> {
  const nodes = new Set<Node>();
  /** Tensors that come out of integer arithmetic, possibly through passing nodes and clamps. */
  const carried = new Set<string>();
  for (const node of context.model.graph.nodes) {
    const role = qdqRole(node, context.model);
    const isCarried = node.inputs.some((input) => carried.has(input));
    const reason = whyFloat(node, role, isCarried, context);
    if (reason === undefined) {
      const computes = role === 'weighted' || role === 'pointwise';
      if (computes) nodes.add(node);
      if (computes || isCarried) for (const output of node.outputs) carried.add(output);
    } else if (node.outputs.some((output) => typeOf(output, context) === 'float32')) {
      float.push({ name: `${node.name} (${node.opType})`, reason });
    }
  }
  return nodes;
}

function whyFloat(node: Node, role: QdqRole | undefined, isCarried: boolean, context: PlanContext): string | undefined {
  if (role === undefined) return 'the operator has no int8 form here';
  if (!context.isSelected(node)) return 'not selected';
  if (role === 'weighted') return whyWeightedFloat(node, context);
  if (role !== 'pointwise') return undefined;
  if (!node.inputs.every((input) => typeOf(input, context) === 'float32')) return 'an input is not float32';
  if (context.index.isOutput(node.outputs[0]!)) return 'it makes a graph output';
  return isCarried ? undefined : 'none of its inputs comes from an int8 operator';
}

function whyWeightedFloat(node: Node, context: PlanContext): string | undefined {
  const { initializers } = context.model.graph;
  const [data = '', weightName = '', biasName = ''] = node.inputs;
  if (initializers.has(data)) return 'its data input is a constant';
  if (typeOf(data, context) !== 'float32') return 'its input is not float32';
  const weight = initializers.get(weightName);
  if (weight === undefined) {
    return node.opType === 'MatMul' && typeOf(weightName, context) === 'float32'
      ? undefined
      : 'its weight is no constant';
  }
  if (weight.dataType !== 'float32') return 'its weight is not float32';
  if (node.opType === 'Gemm' && intAttribute(node, 'transA', 0) !== 0) return 'transA is set';
  if (biasName === '') return undefined;
  const bias = initializers.get(biasName);
  if (bias?.dataType !== 'float32') return 'its bias is no float32 constant';
  const channels = outputChannels(node, weight.dims);
  const size = sizeOf(bias.dims);
  const isPerOutput = size === 1 || (size === channels && bias.dims.at(-1) === channels);
  return isPerOutput ? undefined : 'its bias is not one value per output';
}

/** Number of output channels of a weighted node with a constant weight. */
export function outputChannels(node: Node, dims: readonly number[]): number {
  switch (node.opType) {
    case 'Conv':
      return dims[0]!;
    case 'ConvTranspose':
      return dims[1]! * intAttribute(node, 'group', 1);
    case 'Gemm':
      return dims[intAttribute(node, 'transB', 0) !== 0 ? 0 : 1]!;
    default:
      return dims.at(-1)!;
  }
}

/** The inputs that are quantized while the model runs. */
function activationInputs(node: Node, model: Model): string[] {
  const candidates = ['Conv', 'ConvTranspose', 'Gemm'].includes(node.opType) ? node.inputs.slice(0, 1) : node.inputs;
  return candidates.filter((input) => !model.graph.initializers.has(input));
}

/** onnxruntime has integer kernels with float output for Gemm and MatMul only. */
function needsIntegerOutput(node: Node): boolean {
  return node.opType !== 'Gemm' && node.opType !== 'MatMul';
}

/** The Relu or Clip that alone reads the node's output. */
function clampBehind(node: Node, { model, index, isSelected }: PlanContext): Node | undefined {
  const output = node.outputs[0]!;
  const [reader, ...others] = index.consumers(output);
  if (reader === undefined || others.length > 0 || index.isOutput(output)) return undefined;
  if (qdqRole(reader, model) !== 'clamp' || !isSelected(reader) || index.isOutput(reader.outputs[0]!)) return undefined;
  return reader.inputs[0] === output ? reader : undefined;
}

/** The passing nodes between integers: their output is wanted as integers and their input is there as such. Adds their tensors. */
function passingNodes(context: PlanContext, computing: ReadonlySet<Node>, activations: Map<string, string>): Node[] {
  const { model, isSelected } = context;
  const wanted = new Set(activations.keys());
  const passing: Node[] = [];
  for (const node of model.graph.nodes.toReversed()) {
    if (qdqRole(node, model) !== 'passing' || !isSelected(node)) continue;
    const data = node.inputs[0]!;
    if (typeOf(data, context) !== 'float32' || !node.outputs.some((output) => activations.has(output))) continue;
    if (!wanted.has(data) && !comesFromIntegers(data, context, computing)) continue;
    passing.push(node);
    activations.set(data, activations.get(data) ?? data);
    for (const output of node.outputs) if (output !== '') activations.set(output, data);
  }
  return passing;
}

/** True if the tensor is made by an integer node, through any passing nodes and clamps. */
function comesFromIntegers(tensor: string, context: PlanContext, nodes: ReadonlySet<Node>): boolean {
  const { model, index, isSelected } = context;
  for (let name = tensor; ; ) {
    const producer = index.producer(name);
    if (producer === undefined) return false;
    if (nodes.has(producer)) return true;
    const role = qdqRole(producer, model);
    if ((role !== 'passing' && role !== 'clamp') || !isSelected(producer)) return false;
    name = producer.inputs[0]!;
  }
}

/** Follows chains of passing nodes: the range of Flatten(MaxPool(x)) is that of x. */
function resolveSources(activations: ReadonlyMap<string, string>): Map<string, string> {
  const resolved = new Map<string, string>();
  for (const tensor of activations.keys()) {
    let source = tensor;
    for (let next = activations.get(source)!; next !== source; next = activations.get(source)!) source = next;
    resolved.set(tensor, source);
  }
  return resolved;
}

function typeOf(name: string, { types, model }: PlanContext): string | undefined {
  return model.graph.initializers.get(name)?.dataType ?? types.get(name)?.dataType;
}
