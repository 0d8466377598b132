import { type GraphIndex, indexGraph } from '../onnx/graph-index.js';
import type { Model, Node } from '../onnx/ir.js';
import { upgradeOpset } from '../onnx/upgrade.js';
import { type QuantizedTensor, quantizeTensor, type TensorQuantization } from './quantize-tensor.js';
import { type QuantizationReport, type QuantizedEntry, quantizedEntry } from './report.js';
import { weightAxis } from './weight-axis.js';

/** From this ai.onnx version on DequantizeLinear has an axis. */
export const QDQ_OPSET = 13;

export interface WeightQuantization {
  /** Initializer names, float32. */
  readonly weights: readonly string[];
  /** `affine-uint8`: w ≈ scale (q - zeroPoint), q in 0..255; `symmetric-int8`: w ≈ scale q, q in -127..127. */
  readonly scheme: 'affine-uint8' | 'symmetric-int8';
  /** A scale for every output channel, or one for the tensor. Weights without a channel axis get one. */
  readonly granularity: 'channel' | 'tensor';
  /** See TensorQuantization. */
  readonly center: 'range' | 'mean';
}

/**
 * Stores weights as 8-bit integers with a DequantizeLinear behind each: a quarter of the bytes, computed in float as before.
 * Weights that are 0 stay exactly 0.
 */
export function quantizeWeights(model: Model, how: WeightQuantization): { model: Model; report: QuantizationReport } {
  const result = upgradeOpset(model, QDQ_OPSET);
  const index = indexGraph(result);
  const dequantizers: Node[] = [];
  const quantized: QuantizedEntry[] = [];
  for (const name of how.weights) {
    const tensor = result.graph.initializers.get(name);
    if (tensor === undefined) throw new Error(`internal: no initializer "${name}"`);
    const tensorHow: TensorQuantization = {
      type: how.scheme === 'affine-uint8' ? 'uint8' : 'int8',
      isSymmetric: how.scheme === 'symmetric-int8',
      axis: how.granularity === 'channel' ? commonAxis(index.consumers(name), name, tensor.dims.length) : null,
      center: how.center,
    };
    const integers = quantizeTensor(tensor, name, tensorHow);
    result.graph.initializers.delete(name);
    dequantizers.push(addDequantize(result, index, { name, output: name, integers, axis: tensorHow.axis }));
    quantized.push(quantizedEntry(name, tensorHow.type, integers));
  }
  result.graph.nodes.unshift(...dequantizers);
  const chosen = new Set(how.weights);
  const float = [...model.graph.initializers]
    .filter(([name, tensor]) => tensor.dataType === 'float32' && !chosen.has(name))
    .map(([name]) => ({ name, reason: 'not selected' }));
  return { model: result, report: { quantized, float } };
}

/** Adds the integers, scale and zero point as initializers and returns the DequantizeLinear that reads them, not yet in the graph. */
export function addDequantize(
  model: Model,
  index: GraphIndex,
  { name, output, integers, axis }: { name: string; output: string; integers: QuantizedTensor; axis: number | null },
): Node {
  const { initializers } = model.graph;
  const inputs = [`${name}.quantized`, `${name}.scale`, `${name}.zero_point`].map((base) => index.unique(base));
  [integers.values, integers.scale, integers.zeroPoint].forEach((tensor, i) => {
    initializers.set(inputs[i]!, tensor);
  });
  return {
    name: index.unique(`${name}.dequantize`),
    opType: 'DequantizeLinear',
    domain: '',
    inputs,
    outputs: [output],
    attributes: new Map(axis === null ? [] : [['axis', { type: 'int', value: axis } as const]]),
  };
}

/** The channel axis on which all readers agree. */
function commonAxis(readers: readonly Node[], name: string, rank: number): number | null {
  const axes = new Set(readers.map((node) => (node.inputs[1] === name ? weightAxis(node, rank) : null)));
  return axes.size === 1 ? [...axes][0]! : null;
}
