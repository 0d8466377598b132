import {
  appendForward,
  type BatchNormForm,
  blockConvolutions,
  type ChooseLowering,
  type Forward,
} from '../autodiff/index.js';
import { GraphBuilder, type Value } from '../onnx/builder.js';
import type { Model } from '../onnx/ir.js';
import { encodeModel } from '../onnx/write.js';
import type { Provider } from '../runtime/provider.js';
import { forWebgpu } from '../runtime/webgpu/for-webgpu.js';
import type { FlatLayout } from './flat.js';

/** How a network stands in the graphs of one training run. */
export interface NetworkPlan {
  /** In an opset that gradients are defined for. */
  readonly model: Model;
  /** What is trained. */
  readonly layout: FlatLayout;
  readonly batchNorm: BatchNormForm;
  /** Initializers that keep their bits; a batch normalization whose running mean is among them keeps its statistics. */
  readonly frozen: ReadonlySet<string>;
  /** What the graphs are made for. */
  readonly provider: Provider;
  /** Channels per block of the CPU's convolution kernels; null where it has none. */
  readonly channelBlock: number | null;
  /** Overrules how heavy pieces are computed. */
  readonly lowerings: ChooseLowering | undefined;
}

/** A builder whose opset suits the network. */
export function builderFor({ model }: NetworkPlan, name: string): GraphBuilder {
  return new GraphBuilder({ name, opset: model.opsets.get('')! });
}

/**
 * Adds the network.
 * @param call.parameters the trained initializers by name. @param call.bindings further initializers that come from elsewhere
 */
export function appendNetwork(
  b: GraphBuilder,
  plan: NetworkPlan,
  call: {
    readonly x: Value;
    readonly parameters: ReadonlyMap<string, Value>;
    readonly bindings?: ReadonlyMap<string, Value>;
    readonly training: boolean;
  },
): Forward & { readonly ordered: readonly Value[] } {
  const { model } = plan;
  const forward = appendForward(b, model, {
    inputs: { [model.graph.inputs[0]!.name]: call.x },
    bindings: new Map([...call.parameters, ...(call.bindings ?? [])]),
    training: call.training,
    batchNorm: (node) => (plan.batchNorm === 'frozen' || plan.frozen.has(node.inputs[3] ?? '') ? 'frozen' : 'train'),
  });
  return { ...forward, ordered: model.graph.outputs.map(({ name }) => forward.outputs[name]!) };
}

/** A finished graph, rewritten for what computes it. */
export function finishGraph({ provider, channelBlock, lowerings }: NetworkPlan, b: GraphBuilder): Model {
  if (provider === 'cpu' && channelBlock !== null) blockConvolutions(b, channelBlock, lowerings);
  return provider === 'webgpu' ? forWebgpu(b.build()) : b.build();
}

/**
 * Bytes of a finished graph. Its nodes stand last first: where several values are needed, onnxruntime computes first the one
 * whose node it read last, and so keeps to the order in which the graph was made. There the gradient of a weight comes right
 * after that of its output, which then is free again; otherwise onnxruntime would keep those of all layers and compute every
 * weight's gradient at the end.
 */
export function encodeGraph(plan: NetworkPlan, b: GraphBuilder): Uint8Array {
  const model = finishGraph(plan, b);
  return encodeModel({ ...model, graph: { ...model.graph, nodes: model.graph.nodes.toReversed() } });
}
