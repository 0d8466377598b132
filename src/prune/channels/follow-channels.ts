import { hasSubgraph } from '../../onnx/graph-index.js';
import { inferShapes } from '../../onnx/infer.js';
import type { Model, Node } from '../../onnx/ir.js';
import { bitsOf } from '../../onnx/tensor.js';
import { Flow } from './flow.js';
import type { Axes, Axis } from './labels.js';
import { NodeCall } from './node-call.js';
import { axisRule } from './rules/index.js';
import { shapeElements } from './shape-values.js';

/**
 * Gives every axis of every value labels, and ties those that can only be removed together. Labels begin at constants (the weights of
 * layers among them) and go with the nodes' order; what the model's inputs and outputs have is frozen.
 * Throws ONNX_SHAPE where the graph contradicts itself.
 */
export function followChannels(model: Model): Flow {
  const flow = new Flow(model, inferShapes(model));
  const { graph } = model;
  for (const { name } of graph.inputs) {
    flow.setAxes(name, flow.frozenAxes(name, `they are tied to the input "${name}" of the model`));
  }
  for (const [name, { dataType }] of graph.initializers) {
    // Packed types have no byte where an element begins, strings have no bytes at all.
    const bits = bitsOf(dataType);
    if (bits > 0 && bits % 8 === 0) continue;
    flow.setAxes(name, flow.frozenAxes(name, `they are tied to the constant "${name}", whose type is ${dataType}`));
  }
  for (const node of graph.nodes) follow(node, flow);
  for (const { name } of graph.outputs) {
    flow.freeze(flow.axesOf(name), `they are tied to the output "${name}" of the model`);
  }
  return flow;
}

function follow(node: Node, flow: Flow): void {
  const call = new NodeCall(node, flow);
  flow.fold(node);
  const elements = shapeElements(call);
  if (elements !== undefined) flow.elements.set(node.outputs[0]!, elements);
  else freezeSizes(call);
  const isSize = elements?.some((element) => 'axis' in element) ?? false;
  const outputs = isSize
    ? [flow.frozenAxes(node.outputs[0]!, `${call.title} gives sizes`)]
    : hasSubgraph(node)
      ? call.freezeAll(`${call.title} holds a graph of its own`)
      : (axisRule(node.opType, node.domain)?.(call) ??
        call.freezeAll(`${call.title} reads them, and Lathe does not know how`));
  node.outputs.forEach((name, index) => {
    if (name !== '') flow.setAxes(name, agreeing(outputs[index] ?? null, name, call));
  });
}

/** Sizes of axes that anything but a Reshape or Resize reads are not followed: these axes keep their lengths. */
function freezeSizes(call: NodeCall): void {
  const { opType, domain, inputs } = call.node;
  inputs.forEach((name, index) => {
    if (domain === '' && ((opType === 'Reshape' && index === 1) || (opType === 'Resize' && index === 3))) return;
    for (const element of call.flow.elements.get(name) ?? []) {
      if ('axis' in element) call.freezeAxis(element.axis, `${call.title} reckons with their number`);
    }
  });
}

/** The axes, if they agree with the inferred shape. A model that declares other shapes than it has is not followed any further. */
function agreeing(axes: Axes, name: string, call: NodeCall): Axes {
  const shape = call.flow.shapeOf(name);
  if (axes === null || shape === null) return axes;
  const isEqual = (axis: Axis | undefined, i: number) =>
    typeof axis === 'number' || (axis !== undefined && (typeof shape[i] !== 'number' || shape[i] === axis.length));
  if (axes.length === shape.length && axes.every(isEqual)) return axes;
  const reason = `${call.title} gives another shape than the model declares`;
  call.freezeAll(reason);
  return call.flow.frozenAxes(name, reason);
}
