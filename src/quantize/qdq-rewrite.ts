import { type GraphIndex, hasSubgraph } from '../onnx/graph-index.js';
import { cloneModel, type Model, type Node, type Tensor } from '../onnx/ir.js';
import { floatTensor, fromArray } from '../onnx/tensor.js';
import { type AffineParameters, affineParameters, type Range } from './affine.js';
import type { QdqPlan } from './qdq-plan.js';
import { qdqRole } from './qdq-rules.js';
import { quantizeTensor } from './quantize-tensor.js';
import { addDequantize } from './quantize-weights.js';
import { type QuantizedEntry, quantizedEntry } from './report.js';
import { quantizeConstants } from './weighted-constants.js';

/**
 * The model with QuantizeLinear and DequantizeLinear around everything that the plan makes integer; onnxruntime replaces
 * DQ → operator → Q by its integer kernels. Weights and biases become private to their node, since onnxruntime does not fuse
 * nodes that share one.
 * @param model what the plan was made for
 */
export function rewriteQdq(model: Model, request: QdqRequest): { model: Model; quantized: readonly QuantizedEntry[] } {
  const { plan } = request;
  const rewriter = new Rewriter(cloneModel(model), request);
  for (const input of model.graph.inputs) rewriter.afterTensor(input.name);
  for (const node of model.graph.nodes) if (!plan.absorbed.has(node)) rewriter.rewrite(node);
  return { model: rewriter.finish(), quantized: rewriter.quantized };
}

export interface QdqRequest {
  /** Of the model. */
  readonly index: GraphIndex;
  readonly plan: QdqPlan;
  /** Of the plan's range sources. */
  readonly ranges: ReadonlyMap<string, Range>;
  /** A weight scale for every output channel, or one for the tensor. */
  readonly granularity: 'channel' | 'tensor';
}

interface ActivationNames {
  /** What the producer writes. */
  readonly float: string;
  /** What integer nodes read. */
  readonly dequantized: string;
}

class Rewriter {
  readonly quantized: QuantizedEntry[] = [];
  private readonly nodes: Node[] = [];
  private readonly names = new Map<string, ActivationNames>();
  /** Names of scale and zero point by range source. */
  private readonly parameterNames = new Map<string, readonly [string, string]>();

  private readonly index: GraphIndex;
  private readonly plan: QdqPlan;

  constructor(
    private readonly result: Model,
    private readonly request: QdqRequest,
  ) {
    const { index, plan } = request;
    this.index = index;
    this.plan = plan;
    for (const tensor of plan.activations.keys()) {
      this.names.set(
        tensor,
        index.isOutput(tensor)
          ? { float: index.unique(`${tensor}.float`), dequantized: tensor }
          : { float: tensor, dequantized: index.unique(`${tensor}.dequantized`) },
      );
    }
  }

  rewrite(original: Node): void {
    const isInteger = this.plan.nodes.has(original);
    const clamp = this.index.consumers(original.outputs[0] ?? '').find((reader) => this.plan.absorbed.has(reader));
    const outputs = clamp === undefined ? original.outputs : clamp.outputs;
    const node: Node = {
      ...original,
      attributes: new Map(original.attributes),
      inputs: original.inputs.map((input) => this.reading(input, isInteger)),
      outputs: outputs.map((output) => this.names.get(output)?.float ?? output),
    };
    const role = isInteger ? qdqRole(original, this.result) : undefined;
    if (role === 'weighted' && this.tensor(original.inputs[1]!) !== undefined) this.setConstants(original, node);
    if (role === 'weighted' || role === 'pointwise') this.quantizeOtherConstants(node);
    this.nodes.push(node);
    for (const output of outputs) this.afterTensor(output);
  }

  /** QuantizeLinear and DequantizeLinear behind a tensor that the plan makes integer. */
  afterTensor(tensor: string): void {
    const names = this.names.get(tensor);
    if (names === undefined) return;
    const [scale, zeroPoint] = this.parameterNamesOf(this.plan.activations.get(tensor)!);
    const integers = this.index.unique(`${tensor}.quantized`);
    this.emit('QuantizeLinear', `${tensor}.quantize`, [names.float, scale, zeroPoint], integers);
    this.emit('DequantizeLinear', `${tensor}.dequantize`, [integers, scale, zeroPoint], names.dequantized);
  }

  /** The new model, without the initializers that nobody reads any more. */
  finish(): Model {
    const { graph } = this.result;
    graph.nodes = this.nodes;
    const read = new Set(this.nodes.flatMap((node) => node.inputs));
    const written = new Set(this.nodes.flatMap((node) => node.outputs));
    for (const name of [...graph.initializers.keys()]) {
      const isCaptured = this.index.consumers(name).some(hasSubgraph);
      if (!read.has(name) && !isCaptured && !this.index.isOutput(name)) graph.initializers.delete(name);
    }
    for (const name of [...graph.valueInfo.keys()]) if (!written.has(name)) graph.valueInfo.delete(name);
    return this.result;
  }

  /** An integer node reads the dequantized tensor; so does everyone if an integer node makes it, else that is not fused. */
  private reading(tensor: string, byInteger: boolean): string {
    const names = this.names.get(tensor);
    if (names === undefined) return tensor;
    const producer = this.index.producer(tensor);
    const isMadeByInteger =
      producer !== undefined && (this.plan.nodes.has(producer) || this.plan.absorbed.has(producer));
    return byInteger || isMadeByInteger ? names.dequantized : names.float;
  }

  private setConstants(original: Node, node: Node): void {
    const [data, weightName, biasName] = original.inputs as [string, string, string];
    const { weight, axis, bias } = quantizeConstants(this.result, original, {
      inputScale: this.parametersOf(data).scale,
      granularity: this.request.granularity,
    });
    const output = this.index.unique(`${weightName}.dequantized`);
    this.nodes.push(addDequantize(this.result, this.index, { name: weightName, output, integers: weight, axis }));
    this.quantized.push(quantizedEntry(weightName, 'int8', weight));
    node.inputs = [node.inputs[0]!, output];
    node.attributes.delete('alpha');
    node.attributes.delete('beta');
    if (bias === null) return;
    const integers = this.add(`${biasName}.quantized`, bias.values);
    const scale = this.add(`${biasName}.scale`, bias.scale);
    node.inputs[2] = this.index.unique(`${biasName}.dequantized`);
    const dequantize = this.emit('DequantizeLinear', `${biasName}.dequantize`, [integers, scale], node.inputs[2]);
    if (bias.scale.dims.length > 0) dequantize.attributes.set('axis', { type: 'int', value: 0 });
  }

  /** What is still a float constant (an addend, a factor): uint8 with one scale, like an activation. */
  private quantizeOtherConstants(node: Node): void {
    node.inputs = node.inputs.map((name) => {
      const tensor = this.tensor(name);
      if (tensor?.dataType !== 'float32') return name;
      const integers = quantizeTensor(tensor, name, { type: 'uint8', isSymmetric: false, axis: null });
      const output = this.index.unique(`${name}.dequantized`);
      this.nodes.push(addDequantize(this.result, this.index, { name, output, integers, axis: null }));
      return output;
    });
  }

  private parametersOf(tensor: string): AffineParameters {
    return affineParameters(this.request.ranges.get(this.plan.activations.get(tensor)!)!, 'uint8', false);
  }

  private parameterNamesOf(source: string): readonly [string, string] {
    const known = this.parameterNames.get(source);
    if (known !== undefined) return known;
    const { scale, zeroPoint } = this.parametersOf(source);
    const names = [
      this.add(`${source}.scale`, floatTensor([scale], [])),
      this.add(`${source}.zero_point`, fromArray('uint8', Uint8Array.of(zeroPoint), [])),
    ] as const;
    this.parameterNames.set(source, names);
    return names;
  }

  private tensor(name: string): Tensor | undefined {
    return this.result.graph.initializers.get(name);
  }

  private add(base: string, tensor: Tensor): string {
    const name = this.index.unique(base);
    this.result.graph.initializers.set(name, tensor);
    return name;
  }

  private emit(opType: string, name: string, inputs: string[], output: string): Node {
    const unique = this.index.unique(name);
    const node: Node = { name: unique, opType, domain: '', inputs, outputs: [output], attributes: new Map() };
    this.nodes.push(node);
    return node;
  }
}
