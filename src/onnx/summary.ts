import { isUserError } from '../core/errors.js';
import { inferShapes } from './infer.js';
import { type DataType, type Dim, type Model, type Node, nodeLabel, type Tensor } from './ir.js';
import type { ValueType } from './shapes/index.js';
import { sizeOf } from './tensor.js';

/** A description of a model as plain data, for people and for JSON. */
export interface ModelSummary {
  readonly irVersion: number;
  readonly producer: string;
  /** Version by domain; ai.onnx by that name. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly ValueSummary[];
  readonly outputs: readonly ValueSummary[];
  /** In the graph's order. */
  readonly nodes: readonly NodeSummary[];
  /** How often each operator occurs in the main graph, the most frequent first; others' domains come before a dot. */
  readonly operators: Readonly<Record<string, number>>;
  readonly initializers: InitializerSummary;
  /** Why shapes are not known, where the graph contradicts itself. */
  readonly shapeProblem: string | null;
}

export interface ValueSummary {
  readonly name: string;
  readonly dataType: DataType;
  /** null: the rank is unknown. */
  readonly shape: readonly Dim[] | null;
}

export interface NodeSummary {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  /** Without omitted ones. */
  readonly inputs: readonly ValueSummary[];
  readonly outputs: readonly ValueSummary[];
}

export interface InitializerSummary {
  readonly count: number;
  readonly elements: number;
  readonly bytes: number;
  readonly byType: Readonly<Partial<Record<DataType, TensorTotals>>>;
}

export interface TensorTotals {
  readonly count: number;
  readonly elements: number;
  readonly bytes: number;
}

/** Describes a model, shapes inferred. Does not read the contents of tensors, except small ones that shapes depend on. */
export function summarizeModel(model: Model): ModelSummary {
  const { graph } = model;
  const { types, shapeProblem } = typesOf(model);
  const value = (name: string): ValueSummary => ({ name, ...(types.get(name) ?? UNKNOWN) });
  return {
    irVersion: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter((part) => part !== '').join(' '),
    opsets: Object.fromEntries([...model.opsets].map(([domain, version]) => [domain || 'ai.onnx', version])),
    metadata: Object.fromEntries(model.metadata),
    inputs: graph.inputs.map(({ name }) => value(name)),
    outputs: graph.outputs.map(({ name }) => value(name)),
    nodes: graph.nodes.map((node) => ({
      name: nodeLabel(node),
      opType: node.opType,
      domain: node.domain,
      inputs: node.inputs.filter((name) => name !== '').map(value),
      outputs: node.outputs.filter((name) => name !== '').map(value),
    })),
    operators: operatorCounts(graph.nodes),
    initializers: initializerSummary([...graph.initializers.values()]),
    shapeProblem,
  };
}

const UNKNOWN: ValueType = { dataType: 'undefined', shape: null };

function typesOf(model: Model): { types: Map<string, ValueType>; shapeProblem: string | null } {
  try {
    return { types: inferShapes(model), shapeProblem: null };
  } catch (error) {
    // A model with a contradiction is just what someone inspects: show the rest, and the problem with it.
    if (!isUserError(error)) throw error;
    const declared = [...model.graph.inputs, ...model.graph.valueInfo.values(), ...model.graph.outputs];
    const types = new Map<string, ValueType>(declared.map(({ name, dataType, shape }) => [name, { dataType, shape }]));
    for (const [name, { dataType, dims }] of model.graph.initializers) types.set(name, { dataType, shape: dims });
    return { types, shapeProblem: error.message };
  }
}

function operatorCounts(nodes: readonly Node[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { opType, domain } of nodes) {
    const name = domain === '' ? opType : `${domain}.${opType}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}

function initializerSummary(tensors: readonly Tensor[]): InitializerSummary {
  const byType: Partial<Record<DataType, TensorTotals>> = {};
  for (const tensor of tensors) {
    byType[tensor.dataType] = added(byType[tensor.dataType] ?? NOTHING, tensor);
  }
  return { ...tensors.reduce(added, NOTHING), byType };
}

const NOTHING: TensorTotals = { count: 0, elements: 0, bytes: 0 };

function added(totals: TensorTotals, tensor: Tensor): TensorTotals {
  return {
    count: totals.count + 1,
    elements: totals.elements + sizeOf(tensor.dims),
    bytes: totals.bytes + tensor.bytes.byteLength,
  };
}
