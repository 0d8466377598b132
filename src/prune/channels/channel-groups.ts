import { type Model, nodeLabel } from '../../onnx/ir.js';
import { type WeightLayer, weightLayers } from '../../onnx/weights.js';
import type { Flow } from './flow.js';
import { followChannels } from './follow-channels.js';
import { type Axis, labelsOf } from './labels.js';
import { axisRule } from './rules/index.js';

/** A layer with a weight: Conv, ConvTranspose, Gemm or MatMul. */
export interface ChannelLayer {
  /** Name of the weight's initializer. */
  readonly name: string;
  /** The first node that uses it. */
  readonly node: string;
  readonly opType: string;
  /** Number of output channels. */
  readonly total: number;
  /** Why it keeps all its channels, going on from "because"; null if some can be removed. */
  readonly reason: string | null;
}

/**
 * Channels that are alike: each of them can be removed by itself, with everything that is tied to it, and takes channels of the same
 * layers along. A layer can have several groups, for instance where another one is joined to a part of its channels.
 */
export interface ChannelGroup {
  /** Names of the layers whose output channels these are, in the graph's order. */
  readonly layers: readonly string[];
  /** What stands for each channel, in order. */
  readonly sets: readonly number[];
}

export interface ChannelGroups {
  readonly layers: readonly ChannelLayer[];
  /** Of two channels or more: the last one of a group always stays. */
  readonly groups: readonly ChannelGroup[];
  /** The labels behind, for what looks at single channels. */
  readonly flow: Flow;
  /** Labels along the output channels of a layer's weight. */
  weightLabels(layer: string): { readonly axis: number; readonly labels: readonly number[] };
  /** Labels of a layer's output channels. */
  channelsOf(layer: string): readonly number[];
}

/**
 * What can be removed from a model: output channels of its layers, with what the graph ties to them (biases, normalizations,
 * the other layers of a residual connection, and the inputs of whatever reads them).
 * Throws ONNX_SHAPE where the graph contradicts itself.
 */
export function channelGroups(model: Model): ChannelGroups {
  const flow = followChannels(model);
  const layers = weightLayers(model);
  const channels = new Map(layers.map((layer) => [layer.initializer, flow.outputs.get(layer.node)]));
  const channelsOf = (name: string) => labelsOf(channels.get(name) ?? []);
  const partOf = partition(flow);
  const groups = new Map<number, { layers: Set<string>; sets: Set<number> }>();
  for (const { initializer, tensor } of layers) {
    if (tensor.dataType === 'float32') continue;
    const reason = `"${initializer}" is ${tensor.dataType}, and only float32 weights can be ranked`;
    for (const label of channelsOf(initializer)) flow.labels.freeze(label, reason);
  }
  for (const { initializer } of layers) {
    for (const label of channelsOf(initializer)) {
      const set = flow.labels.find(label);
      if (flow.labels.reasonOf(set) !== undefined) continue;
      const group = groups.get(partOf(set)) ?? { layers: new Set(), sets: new Set() };
      groups.set(partOf(set), group);
      group.layers.add(initializer);
      group.sets.add(set);
    }
  }
  const removable = [...groups.values()].filter(({ sets }) => sets.size > 1);
  const free = new Set(removable.flatMap(({ sets }) => [...sets]));
  return {
    layers: layers.map((layer) => ({
      name: layer.initializer,
      node: nodeLabel(layer.node),
      opType: layer.opType,
      total: channelsOf(layer.initializer).length,
      reason: reasonFor(layer, channels.get(layer.initializer), { flow, free }),
    })),
    groups: removable.map((group) => ({ layers: [...group.layers], sets: [...group.sets].sort((a, b) => a - b) })),
    flow,
    channelsOf,
    weightLabels: (name) => weightLabels(layers.find(({ initializer }) => initializer === name)!, flow),
  };
}

function reasonFor(
  { opType, node }: WeightLayer,
  axis: Axis | undefined,
  { flow, free }: { readonly flow: Flow; readonly free: ReadonlySet<number> },
): string | null {
  if (axis === undefined) {
    const isFollowed = axisRule(opType, node.domain) !== undefined;
    return isFollowed ? 'the shapes around it are not known' : `Lathe does not follow channels through ${opType}`;
  }
  const labels = labelsOf(axis);
  if (labels.some((label) => free.has(flow.labels.find(label)))) return null;
  for (const label of labels) {
    const reason = flow.labels.reasonOf(label);
    if (reason !== undefined) return reason;
  }
  return labels.length === 1 ? 'there is only one' : 'they can only be removed all at once';
}

/** A depthwise ConvTranspose has its channels along the first axis, like its inputs. */
function weightLabels({ initializer, outputAxis, tensor, node }: WeightLayer, flow: Flow) {
  const group = node.attributes.get('group');
  const isDepthwise =
    node.opType === 'ConvTranspose' && group?.type === 'int' && group.value > 1 && group.value === tensor.dims[0];
  const axis = isDepthwise ? 0 : outputAxis;
  return { axis, labels: labelsOf(flow.axesOf(initializer)![axis]!) };
}

/**
 * Which sets lie along the same axes everywhere in the graph: no axis may lose all of its indices, so a part that keeps one set keeps
 * one on each of its axes. Both sides of a Split are parts of their own, and so are the inputs of a Concat.
 */
function partition(flow: Flow): (set: number) => number {
  const parts = new Map<number, number>();
  const seen = new Set<Axis>();
  let count = 1;
  for (const [, axes] of flow.entries()) {
    for (const axis of axes ?? []) {
      if (typeof axis === 'number' || seen.has(axis)) continue;
      seen.add(axis);
      const refined = new Map<number, number>();
      for (const set of new Set(axis.map((label) => flow.labels.find(label)))) {
        const old = parts.get(set) ?? 0;
        if (!refined.has(old)) refined.set(old, count++);
        parts.set(set, refined.get(old)!);
      }
    }
  }
  return (set) => parts.get(set) ?? 0;
}
