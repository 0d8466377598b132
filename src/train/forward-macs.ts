import type { GraphBuilder } from '../onnx/builder.js';
import { intAttribute, type Node } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';

/** Multiplications of one forward pass over a batch. */
export interface ForwardMacs {
  readonly convolutions: number;
  /** Convolutions and products together. */
  readonly all: number;
}

/** Counts what a forward graph with static shapes multiplies. */
export function forwardMacs(forward: GraphBuilder): ForwardMacs {
  const sum = (of: (b: GraphBuilder, node: Node) => number): number =>
    forward.graph.nodes.reduce((total, node) => total + of(forward, node), 0);
  const convolutions = sum(convolutionMacs);
  return { convolutions, all: convolutions + sum(productMacs) };
}

function convolutionMacs(b: GraphBuilder, node: Node): number {
  if (node.opType !== 'Conv' && node.opType !== 'ConvTranspose') return 0;
  const weight = sizeOf(staticDims(b, node.inputs[1]!));
  // With W [O, C/groups, …] each weight meets every output position (Conv) or input position (ConvTranspose) of every sample once.
  const [samples, , ...spatial] = staticDims(b, node.opType === 'Conv' ? node.outputs[0]! : node.inputs[0]!);
  return weight * (samples ?? 0) * sizeOf(spatial);
}

function productMacs(b: GraphBuilder, node: Node): number {
  if (node.opType !== 'MatMul' && node.opType !== 'Gemm') return 0;
  const isTurned = node.opType === 'Gemm' && intAttribute(node, 'transA', 0) !== 0;
  const summed = staticDims(b, node.inputs[0]!).at(isTurned ? -2 : -1) ?? 0;
  return sizeOf(staticDims(b, node.outputs[0]!)) * summed;
}

/** 0 for what is not known. */
function staticDims(b: GraphBuilder, name: string): number[] {
  return (b.value(name).shape ?? [0]).map((dim) => (typeof dim === 'number' ? dim : 0));
}
