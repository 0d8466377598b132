import type { Dim, Graph, Model, Node, Tensor } from './ir.js';
import { mergeShape } from './shapes/dims.js';
import { foldNode, type InferenceContext, inferNode, type KnownValues, type ValueType } from './shapes/index.js';

export interface InferOptions {
  /** Shapes of inputs that are to be taken instead of the declared ones, for instance with the batch fixed. */
  readonly inputs?: Readonly<Record<string, readonly Dim[]>>;
}

/**
 * Types of all values of the main graph: inputs, initializers, and every node's outputs, as far as they can be known
 * without running. Nodes must be in topological order.
 * Throws ONNX_SHAPE, naming the node, where shapes cannot go together.
 */
export function inferShapes(model: Model, options: InferOptions = {}): Map<string, ValueType> {
  const types = new Map<string, ValueType>();
  const overrides = options.inputs ?? {};
  for (const { name, dataType, shape } of model.graph.inputs) {
    types.set(name, { dataType, shape: overrides[name] ?? shape });
  }
  // A declared inner shape may hold the declared input shapes' sizes: with other inputs it is no longer true.
  const usesDeclared = Object.keys(overrides).length === 0;
  inferGraph(model.graph, { opset: model.opsets.get('') ?? 1, types, usesDeclared, outer: undefined });
  return types;
}

/** A graph in the course of inference; a subgraph sees the values of the graphs around it. */
interface Scope {
  readonly opset: number;
  readonly types: Map<string, ValueType>;
  readonly usesDeclared: boolean;
  readonly outer: InferenceContext | undefined;
}

function inferGraph(graph: Graph, scope: Scope): void {
  const { types, outer } = scope;
  const known = new Map<string, KnownValues>();
  for (const [name, { dataType, dims }] of graph.initializers) types.set(name, { dataType, shape: dims });
  const declared = new Map([...graph.valueInfo, ...graph.outputs.map((info) => [info.name, info] as const)]);
  const context: InferenceContext = {
    opset: scope.opset,
    typeOf: (name) => types.get(name) ?? outer?.typeOf(name),
    constantOf: (name): Tensor | undefined =>
      graph.initializers.get(name) ?? (types.has(name) ? undefined : outer?.constantOf(name)),
    valuesOf: (name) => known.get(name) ?? (types.has(name) ? undefined : outer?.valuesOf?.(name)),
  };
  for (const node of graph.nodes) {
    const inferred = inferControlFlow(node, context, scope) ?? inferNode(node, context);
    node.outputs.forEach((name, index) => {
      if (name !== '') types.set(name, withDeclared(inferred[index], declared.get(name), scope.usesDeclared));
    });
    for (const [index, values] of foldNode(node, context).entries()) known.set(node.outputs[index]!, values);
  }
}

function withDeclared(
  inferred: ValueType | undefined,
  declared: ValueType | undefined,
  usesDeclared: boolean,
): ValueType {
  const dataType =
    inferred === undefined || inferred.dataType === 'undefined'
      ? (declared?.dataType ?? 'undefined')
      : inferred.dataType;
  const shape = inferred?.shape ?? null;
  return { dataType, shape: usesDeclared ? mergeShape(shape, declared?.shape ?? null) : shape };
}

/** Outputs of If, Loop and Scan, from their subgraphs; undefined for other nodes. */
function inferControlFlow(node: Node, context: InferenceContext, scope: Scope): ValueType[] | undefined {
  if (node.domain !== '') return undefined;
  switch (node.opType) {
    case 'If': {
      const yes = subgraphTypes(node, 'then_branch', [], context, scope);
      const no = subgraphTypes(node, 'else_branch', [], context, scope);
      return yes.map((type, i) => eitherOf(type, no[i] ?? type));
    }
    case 'Loop': {
      const carried = node.inputs.slice(2).map((name) => context.typeOf(name));
      const inputs = [{ dataType: 'int64', shape: [] }, { dataType: 'bool', shape: [] }, ...carried] as const;
      const types = subgraphTypes(node, 'body', inputs, context, scope).slice(1);
      return types.map((type, i) =>
        i < carried.length ? eitherOf(type, carried[i] ?? type) : { ...type, shape: stacked(null, type.shape) },
      );
    }
    case 'Scan':
      return inferScan(node, context, scope);
    default:
      return undefined;
  }
}

/** Scan since opset 9: states first, then inputs that are read along their first axis (or `scan_input_axes`). */
function inferScan(node: Node, context: InferenceContext, scope: Scope): ValueType[] {
  const scanCount = node.attributes.get('num_scan_inputs');
  const hasAxes = node.attributes.has('scan_input_axes') || node.attributes.has('scan_output_axes');
  if (scope.opset < 9 || hasAxes || scanCount?.type !== 'int') return [];
  const stateCount = node.inputs.length - scanCount.value;
  const given = node.inputs.map((name) => context.typeOf(name));
  const inner = given.map((type, i) =>
    type === undefined || i < stateCount ? type : { ...type, shape: type.shape?.slice(1) ?? null },
  );
  const length = given[stateCount]?.shape?.[0] ?? null;
  return subgraphTypes(node, 'body', inner, context, scope).map((type, i) =>
    i < stateCount ? eitherOf(type, given[i] ?? type) : { ...type, shape: stacked(length, type.shape) },
  );
}

function subgraphTypes(
  node: Node,
  attributeName: string,
  inputs: readonly (ValueType | undefined)[],
  outer: InferenceContext,
  scope: Scope,
): ValueType[] {
  const attribute = node.attributes.get(attributeName);
  if (attribute?.type !== 'graph') return [];
  const graph = attribute.value;
  const types = new Map<string, ValueType>();
  graph.inputs.forEach(({ name, dataType, shape }, i) => {
    const given = inputs[i];
    // A value that changes in a loop may change its shape: only what is declared holds for every round.
    const isCarried = node.opType === 'Loop' && i >= 2;
    types.set(name, given === undefined || isCarried ? { dataType: given?.dataType ?? dataType, shape } : given);
  });
  inferGraph(graph, { ...scope, types, outer });
  return graph.outputs.map(
    ({ name }) => types.get(name) ?? outer.typeOf(name) ?? { dataType: 'undefined', shape: null },
  );
}

/** What holds whichever of the two it is. */
function eitherOf(a: ValueType, b: ValueType): ValueType {
  if (a.shape === null || b.shape === null || a.shape.length !== b.shape.length) return { ...a, shape: null };
  return { dataType: a.dataType, shape: a.shape.map((dim, i) => (dim === b.shape![i] ? dim : null)) };
}

function stacked(length: Dim, shape: readonly Dim[] | null): Dim[] | null {
  return shape === null ? null : [length, ...shape];
}
