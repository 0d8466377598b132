import { checkModel } from '../../onnx/check.js';
import { type GraphIndex, indexGraph } from '../../onnx/graph-index.js';
import { inferShapes } from '../../onnx/infer.js';
import { cloneModel, type Dim, type Model, type Node, type Tensor } from '../../onnx/ir.js';
import { readNames } from '../../onnx/order.js';
import { bitsOf, sizeOf } from '../../onnx/tensor.js';
import type { ChannelGroups } from './channel-groups.js';
import { Rewriting } from './edit.js';
import type { Flow } from './flow.js';
import type { Axes } from './labels.js';

/**
 * A smaller copy of the model, without these channels: weights, biases and normalizations lose their parts, and sizes that the
 * graph names are counted anew. Names, metadata, inputs and outputs stay.
 * @param removed channels, by what stands for each in the groups of this model
 */
export function removeChannels(model: Model, groups: ChannelGroups, removed: ReadonlySet<number>): Model {
  const { flow } = groups;
  const isRemoved = (label: number) => removed.has(flow.labels.find(label));
  const smaller = cloneModel(model);
  const { graph } = smaller;
  for (const [name, axes] of flow.entries()) {
    const tensor = graph.initializers.get(name);
    if (tensor !== undefined && axes !== null) graph.initializers.set(name, taken(tensor, axes, isRemoved));
  }
  const index = indexGraph(model);
  const copies = new Map(model.graph.nodes.map((node, i) => [node, graph.nodes[i]!]));
  for (const { node, edit } of flow.edits) edit(new Rewriting(copies.get(node)!, smaller, index, isRemoved));
  for (const [name, info] of graph.valueInfo) {
    const axes = flow.axesOf(name);
    if (info.shape === null || axes === null) continue;
    graph.valueInfo.set(name, { ...info, shape: shapeAfter(info.shape, axes, isRemoved) });
  }
  dropUnread(smaller, index);
  checkModel(smaller);
  checkShapes(smaller, flow, isRemoved);
  return smaller;
}

type IsRemoved = (label: number) => boolean;

function shapeAfter(shape: readonly Dim[], axes: NonNullable<Axes>, isRemoved: IsRemoved): Dim[] {
  return shape.map((dim, i) => {
    const axis = axes[i];
    return axis === undefined || typeof axis === 'number' || typeof dim !== 'number'
      ? dim
      : axis.filter((label) => !isRemoved(label)).length;
  });
}

function taken(tensor: Tensor, axes: NonNullable<Axes>, isRemoved: IsRemoved): Tensor {
  return axes.reduce<Tensor>((rest, axis, position) => {
    if (typeof axis === 'number' || !axis.some(isRemoved)) return rest;
    const kept = axis.flatMap((label, i) => (isRemoved(label) ? [] : [i]));
    return takeAlong(rest, position, kept);
  }, tensor);
}

/** The parts of a tensor at some indices of an axis, which are copied. */
function takeAlong({ dataType, dims, bytes }: Tensor, axis: number, indices: readonly number[]): Tensor {
  const inner = (sizeOf(dims.slice(axis + 1)) * bitsOf(dataType)) / 8;
  const outer = sizeOf(dims.slice(0, axis));
  const result = new Uint8Array(outer * indices.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const index of indices) {
      const from = (o * dims[axis]! + index) * inner;
      result.set(bytes.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return { dataType, dims: dims.map((size, i) => (i === axis ? indices.length : size)), bytes: result };
}

/** Removes what only the nodes as they were before their rewriting have read: nodes that computed a shape, and constants. */
function dropUnread({ graph }: Model, before: GraphIndex): void {
  const read = new Set(graph.outputs.map(({ name }) => name));
  const isDead = (name: string) => !read.has(name) && before.consumers(name).length > 0;
  const kept: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    const outputs = node.outputs.filter((name) => name !== '');
    if (outputs.length > 0 && outputs.every(isDead)) continue;
    for (const name of readNames(node)) read.add(name);
    kept.push(node);
  }
  graph.nodes = kept.reverse();
  const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  for (const name of graph.valueInfo.keys()) if (!made.has(name) && isDead(name)) graph.valueInfo.delete(name);
  for (const name of graph.initializers.keys()) if (isDead(name)) graph.initializers.delete(name);
}

/** Every value has to have the shape that its labels tell: a rule that forgot something is found here, not by who runs the model. */
function checkShapes(smaller: Model, flow: Flow, isRemoved: IsRemoved): void {
  for (const [name, { shape }] of inferShapes(smaller)) {
    const axes = flow.axesOf(name);
    if (shape === null || axes === null) continue;
    const expected = shapeAfter(shape, axes, isRemoved);
    if (expected.length === shape.length && shape.every((dim, i) => dim === expected[i])) continue;
    throw new Error(
      `internal: "${name}" has the shape [${shape.join(', ')}] where [${expected.join(', ')}] should be left`,
    );
  }
}
