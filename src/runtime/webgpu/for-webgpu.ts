import type { Model, Node } from '../../onnx/ir.js';
import { batchStatistics } from './batch-statistics.js';
import { fusedMatMul } from './fused-mat-mul.js';
import { nestConcat } from './nest-concat.js';
import { Rewrite } from './rewrite.js';
import { splitToSlices } from './split-to-slices.js';
import { widenConvolution } from './widen-convolution.js';

/**
 * A model that computes the same, from what the WebGPU provider of onnxruntime 1.30 has kernels for, and right ones. What has
 * no known shape stays as it is; so does what runs on the CPU but is small. Nothing of the given model is changed.
 */
export function forWebgpu(model: Model): Model {
  const { graph } = model;
  const rewrite = new Rewrite(graph);
  const nodes = graph.nodes.flatMap((node) => RULES.get(node.opType)?.(rewrite, node) ?? [node]);
  return { ...model, graph: { ...graph, nodes, initializers: new Map([...graph.initializers, ...rewrite.constants]) } };
}

/** By operator: the nodes that take the place of one; null where it can stay. */
const RULES: ReadonlyMap<string, (rewrite: Rewrite, node: Node) => readonly Node[] | null> = new Map(
  Object.entries({
    BatchNormalization: batchStatistics,
    Concat: nestConcat,
    Conv: widenConvolution,
    FusedMatMul: fusedMatMul,
    Split: splitToSlices,
  }),
);
