import type { GraphBuilder } from '../onnx/builder.js';
import { sizeOf } from '../onnx/tensor.js';

/**
 * How many shards a batch is split into where the recipe is silent: 2 if the convolutions of one forward pass over it take
 * at least MANY_MACS multiplications, else 1. Below that, and in networks of matrix products only, exchanging the gradients
 * costs more than a second core gains. A rule over shapes, not a measurement: the result depends on the number.
 * @param forward graph with static shapes, for `batch` samples
 */
export function chooseShards(forward: GraphBuilder, batch: number): number {
  return batch % 2 === 0 && batch >= 4 && convolutionMacs(forward) >= MANY_MACS ? 2 : 1;
}

// lenet-cifar at batch 64 has 38 million and gains almost a factor of 2; 8×8 digits have some hundred thousand.
const MANY_MACS = 8e6;

function convolutionMacs(b: GraphBuilder): number {
  let macs = 0;
  for (const node of b.graph.nodes) {
    if (node.opType !== 'Conv' && node.opType !== 'ConvTranspose') continue;
    const weight = staticSize(b, node.inputs[1]!);
    // With W [O, C/groups, …] each weight meets every output position (Conv) or input position (ConvTranspose) of every sample once.
    const positions = b.value(node.opType === 'Conv' ? node.outputs[0]! : node.inputs[0]!).shape ?? [];
    const [samples, , ...spatial] = positions.map((dim) => (typeof dim === 'number' ? dim : 0));
    macs += weight * (samples ?? 0) * sizeOf(spatial);
  }
  return macs;
}

function staticSize(b: GraphBuilder, name: string): number {
  return sizeOf((b.value(name).shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 0)));
}
