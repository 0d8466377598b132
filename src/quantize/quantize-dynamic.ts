import { UserError } from '../core/errors.js';
import { type GraphIndex, hasSubgraph, indexGraph } from '../onnx/graph-index.js';
import { type Attribute, floatAttribute, intAttribute, type Model, type Node, type Tensor } from '../onnx/ir.js';
import { floatsOf, floatTensor, fromArray } from '../onnx/tensor.js';
import { upgradeOpset } from '../onnx/upgrade.js';
import { type QuantizedTensor, quantizeTensor, type TensorQuantization } from './quantize-tensor.js';
import { QDQ_OPSET } from './quantize-weights.js';
import { type FloatEntry, type QuantizationReport, type QuantizedEntry, quantizedEntry } from './report.js';

export interface DynamicQuantization {
  /** Nodes that stay float although they could be integer; asked for every node. */
  isSelected(node: Node): boolean;
  /** Conv too, as ConvInteger; often slower than float. */
  readonly convolutions: boolean;
  /** A weight scale for every output channel, or one for the tensor. */
  readonly granularity: 'channel' | 'tensor';
}

/**
 * Integer products with ranges taken anew from every input: x → DynamicQuantizeLinear, MatMulInteger or ConvInteger, Cast,
 * × (input scale × weight scale), + bias, in the form that onnxruntime's quantize_dynamic writes and its optimizer fuses.
 * Weights symmetric int8. Needs no data.
 * Throws QUANTIZE_NOTHING if no node can be quantized.
 */
export function quantizeDynamic(model: Model, how: DynamicQuantization): { model: Model; report: QuantizationReport } {
  const result = upgradeOpset(model, QDQ_OPSET);
  const rewriter = new DynamicRewriter(result, indexGraph(result), how);
  for (const node of result.graph.nodes) rewriter.rewrite(node);
  return { model: rewriter.finish(), report: { quantized: rewriter.quantized, float: rewriter.float } };
}

class DynamicRewriter {
  readonly quantized: QuantizedEntry[] = [];
  readonly float: FloatEntry[] = [];
  private readonly nodes: Node[] = [];
  /** Outputs of DynamicQuantizeLinear by input: integers, scale, zero point. */
  private readonly inputs = new Map<string, readonly [string, string, string]>();

  constructor(
    private readonly result: Model,
    private readonly index: GraphIndex,
    private readonly how: DynamicQuantization,
  ) {}

  rewrite(node: Node): void {
    const reason = this.whyFloat(node);
    if (reason === undefined) {
      if (node.opType === 'Conv') this.rewriteConv(node);
      else this.rewriteProduct(node);
      return;
    }
    if (reason !== '') this.float.push({ name: `${node.name} (${node.opType})`, reason });
    this.nodes.push(node);
  }

  finish(): Model {
    if (this.quantized.length === 0) {
      const reasons = this.float.map(({ name, reason }) => `${name}: ${reason}`);
      throw new UserError(
        'QUANTIZE_NOTHING',
        `No node of the model can be quantized. ${reasons.slice(0, 5).join('; ')}`.trim(),
        'Dynamic quantization needs a MatMul or Gemm (or Conv, with convolutions: true) that select does not exclude.',
      );
    }
    const { graph } = this.result;
    graph.nodes = this.nodes;
    const read = new Set(this.nodes.flatMap((node) => node.inputs));
    for (const name of [...graph.initializers.keys()]) {
      const isCaptured = this.index.consumers(name).some(hasSubgraph);
      if (!read.has(name) && !isCaptured && !this.index.isOutput(name)) graph.initializers.delete(name);
    }
    return this.result;
  }

  /** Undefined if the node can be integer; '' if nobody would expect it to be. */
  private whyFloat(node: Node): string | undefined {
    if (node.domain !== '' || !['Conv', 'Gemm', 'MatMul'].includes(node.opType)) return '';
    if (!this.how.isSelected(node)) return 'not selected';
    if (node.opType === 'Conv' && !this.how.convolutions) return 'convolutions is false';
    const weight = this.tensor(node.inputs[1]!);
    if (weight?.dataType !== 'float32') return 'its weight is no float32 constant';
    if (node.opType !== 'Conv' && weight.dims.length !== 2) return 'its weight is no matrix';
    if (this.tensor(node.inputs[0]!) !== undefined) return 'its data input is a constant';
    if (node.opType === 'Gemm' && intAttribute(node, 'transA', 0) !== 0) return 'transA is set';
    const bias = node.inputs[2] ?? '';
    return bias === '' || this.tensor(bias)?.dataType === 'float32' ? undefined : 'its bias is no float32 constant';
  }

  /** MatMul and Gemm: the weight as a [K, N] matrix, alpha and beta worked in. */
  private rewriteProduct(node: Node): void {
    const isGemm = node.opType === 'Gemm';
    const name = node.inputs[1]!;
    const stored = this.tensor(name)!;
    const weight = isGemm
      ? timesTransposed(stored, floatAttribute(node, 'alpha', 1), intAttribute(node, 'transB', 0) !== 0)
      : stored;
    const integers = quantizeTensor(weight, name, this.tensorHow(1));
    const beta = isGemm ? floatAttribute(node, 'beta', 1) : 1;
    const biasName = node.inputs[2] ?? '';
    const bias = biasName === '' || beta === 0 ? undefined : this.tensor(biasName)!;
    this.emitProduct(node, {
      opType: 'MatMulInteger',
      attributes: new Map(),
      integers,
      scale: integers.scale,
      bias:
        bias === undefined
          ? undefined
          : floatTensor(
              floatsOf(bias).map((value) => value * beta),
              bias.dims,
            ),
    });
  }

  private rewriteConv(node: Node): void {
    const name = node.inputs[1]!;
    const weight = this.tensor(name)!;
    const how = this.tensorHow(0);
    const integers = quantizeTensor(weight, name, how);
    /** [C] as [1, C, 1, 1], to go along with [N, C, H, W]. */
    const perChannel = (tensor: Tensor) =>
      tensor.dims.length === 0
        ? tensor
        : { ...tensor, dims: [1, ...tensor.dims, ...weight.dims.slice(2).map(() => 1)] };
    const bias = this.tensor(node.inputs[2] ?? '');
    this.emitProduct(node, {
      opType: 'ConvInteger',
      attributes: new Map(node.attributes),
      integers,
      scale: perChannel(integers.scale),
      bias: bias === undefined ? undefined : perChannel(bias),
    });
  }

  private tensorHow(axis: number): TensorQuantization {
    return { type: 'int8', isSymmetric: true, axis: this.how.granularity === 'channel' ? axis : null };
  }

  private emitProduct(node: Node, product: IntegerProduct): void {
    const { integers } = product;
    const weightName = node.inputs[1]!;
    this.quantized.push(quantizedEntry(weightName, 'int8', integers));
    const [data, dataScale, dataZeroPoint] = this.quantizedInput(node.inputs[0]!);
    const weight = this.add(`${weightName}.quantized`, integers.values);
    const zeroPoint = this.add(`${weightName}.zero_point`, fromArray('int8', Int8Array.of(0), []));
    const weightScale = this.add(`${weightName}.scale`, product.scale);
    const output = node.outputs[0]!;
    const sums = this.emit(product.opType, node.name, [data, weight, dataZeroPoint, zeroPoint], product.attributes);
    const floats = this.emit('Cast', `${node.name}.cast`, [sums], new Map([['to', { type: 'int', value: FLOAT }]]));
    const scale = this.emit('Mul', `${node.name}.scales`, [dataScale, weightScale]);
    const isLast = product.bias === undefined;
    const scaled = this.emit('Mul', `${node.name}.scaled`, [floats, scale], new Map(), isLast ? output : undefined);
    if (product.bias !== undefined) {
      const bias = this.add(`${node.inputs[2]!}.float`, product.bias);
      this.emit('Add', `${node.name}.biased`, [scaled, bias], new Map(), output);
    }
  }

  /** One DynamicQuantizeLinear per tensor, however many nodes read it. */
  private quantizedInput(tensor: string): readonly [string, string, string] {
    const known = this.inputs.get(tensor);
    if (known !== undefined) return known;
    const outputs = [`${tensor}.quantized`, `${tensor}.scale`, `${tensor}.zero_point`].map((base) =>
      this.index.unique(base),
    ) as [string, string, string];
    this.nodes.push({
      name: this.index.unique(`${tensor}.quantize`),
      opType: 'DynamicQuantizeLinear',
      domain: '',
      inputs: [tensor],
      outputs,
      attributes: new Map(),
    });
    this.inputs.set(tensor, outputs);
    return outputs;
  }

  private tensor(name: string): Tensor | undefined {
    return this.result.graph.initializers.get(name);
  }

  private add(base: string, tensor: Tensor): string {
    const name = this.index.unique(base);
    this.result.graph.initializers.set(name, tensor);
    return name;
  }

  private emit(
    opType: string,
    base: string,
    inputs: string[],
    attributes: Map<string, Attribute> = new Map(),
    output?: string,
  ): string {
    const name = this.index.unique(base);
    const written = output ?? this.index.unique(`${name}.out`);
    this.nodes.push({ name, opType, domain: '', inputs, outputs: [written], attributes });
    return written;
  }
}

interface IntegerProduct {
  readonly opType: 'MatMulInteger' | 'ConvInteger';
  readonly attributes: Map<string, Attribute>;
  readonly integers: QuantizedTensor;
  /** Shaped to multiply the output. */
  readonly scale: Tensor;
  /** Shaped to be added to the output. */
  readonly bias: Tensor | undefined;
}

/** TensorProto.FLOAT. */
const FLOAT = 1;

/** factor × the matrix, transposed if asked. */
function timesTransposed(matrix: Tensor, factor: number, isTransposed: boolean): Tensor {
  const values = floatsOf(matrix);
  const [rows, columns] = matrix.dims as [number, number];
  if (!isTransposed)
    return floatTensor(
      values.map((value) => value * factor),
      matrix.dims,
    );
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c]! * factor;
  }
  return floatTensor(result, [columns, rows]);
}
