import { type DataType, type Graph, intAttribute, type Model, type Node, type Tensor } from './ir.js';

/** A constant that a layer multiplies its input by. */
export interface WeightLayer {
  /** Name of the weight's initializer. */
  readonly initializer: string;
  readonly tensor: Tensor;
  /** The first node that uses it. */
  readonly node: Node;
  readonly opType: string;
  /** All nodes that use it; more than one where layers share a weight. */
  readonly nodes: readonly Node[];
  /** Axis of the output channels. */
  readonly outputAxis: number;
  /** Axis that is summed over (of a Conv: its input channels; the kernel's axes are summed over too). */
  readonly reductionAxis: number;
  /** Initializer of the bias, if there is one: an input of the node, or the constant of an Add behind a MatMul. */
  readonly bias: string | null;
}

const FLOATS: ReadonlySet<DataType> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** Whether weights can be of this type. */
export function isFloat(dataType: DataType): boolean {
  return FLOATS.has(dataType);
}

/**
 * The float weights of Conv, ConvTranspose, Gemm and MatMul in the main graph, in the order of their nodes, each once.
 * A weight behind Identity nodes (how exporters share one) counts as the layer's; one behind other operators does not.
 */
export function weightLayers(model: Model): WeightLayer[] {
  const { graph } = model;
  const consumers = consumersOf(graph);
  const identities = new Map(
    graph.nodes
      .filter(({ opType, domain }) => opType === 'Identity' && domain === '')
      .map(({ inputs, outputs }) => [outputs[0]!, inputs[0]!]),
  );
  const layers = new Map<string, WeightLayer>();
  const constant = (name: string | undefined): [string, Tensor] | undefined => {
    let source = name ?? '';
    while (identities.has(source)) source = identities.get(source)!;
    const tensor = graph.initializers.get(source);
    return tensor === undefined || !isFloat(tensor.dataType) ? undefined : [source, tensor];
  };
  for (const node of graph.nodes) {
    for (const index of weightInputs(node)) {
      const found = constant(node.inputs[index]);
      if (found === undefined) continue;
      const [initializer, tensor] = found;
      const axes = weightAxes(node, index, tensor.dims.length);
      if (axes === undefined) continue;
      const known = layers.get(initializer);
      layers.set(
        initializer,
        known !== undefined
          ? { ...known, nodes: [...known.nodes, node] }
          : {
              initializer,
              tensor,
              node,
              opType: node.opType,
              nodes: [node],
              ...axes,
              bias: biasOf(node, graph, consumers),
            },
      );
      break;
    }
  }
  return [...layers.values()];
}

/** Inputs that can hold a weight, the usual one first. */
function weightInputs(node: Node): readonly number[] {
  if (node.domain !== '' && node.domain !== 'com.microsoft') return [];
  switch (node.opType) {
    case 'Conv':
    case 'ConvTranspose':
    case 'FusedConv':
    case 'Gemm':
      return [1];
    case 'MatMul':
    case 'FusedMatMul':
      return [1, 0];
    default:
      return [];
  }
}

/**
 * Axes of a weight at this input of a node: Conv [O, I/groups, …], ConvTranspose [I, O/groups, …], Gemm and MatMul [K, N],
 * transposed where the node says so. Undefined where the weight has too few axes to tell.
 */
export function weightAxes(
  node: Node,
  input: number,
  rank: number,
): { outputAxis: number; reductionAxis: number } | undefined {
  if (rank < 2) return undefined;
  if (node.opType === 'ConvTranspose') return { outputAxis: 1, reductionAxis: 0 };
  if (node.opType === 'Conv' || node.opType === 'FusedConv') return { outputAxis: 0, reductionAxis: 1 };
  if (intAttribute(node, `transBatch${input === 1 ? 'B' : 'A'}`, 0) !== 0) return undefined;
  const isTransposed = intAttribute(node, input === 1 ? 'transB' : 'transA', 0) !== 0;
  const rowsAreOutputs = (input === 0) !== isTransposed;
  return rowsAreOutputs
    ? { outputAxis: rank - 2, reductionAxis: rank - 1 }
    : { outputAxis: rank - 1, reductionAxis: rank - 2 };
}

function biasOf(node: Node, graph: Graph, consumers: ReadonlyMap<string, Node[]>): string | null {
  const third = node.inputs[2] ?? '';
  if (!node.opType.includes('MatMul')) return graph.initializers.has(third) ? third : null;
  const users = consumers.get(node.outputs[0]!) ?? [];
  const add = users[0];
  if (users.length !== 1 || add === undefined || add.opType !== 'Add' || add.domain !== '') return null;
  const other = add.inputs[0] === node.outputs[0] ? add.inputs[1]! : add.inputs[0]!;
  return graph.initializers.get(other)?.dims.length === 1 ? other : null;
}

/** Nodes of the graph by the values that they read as inputs. */
export function consumersOf(graph: Graph): Map<string, Node[]> {
  const consumers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      if (name === '') continue;
      const list = consumers.get(name);
      if (list === undefined) consumers.set(name, [node]);
      else list.push(node);
    }
  }
  return consumers;
}

/** The node behind every computed value. */
export function producersOf(graph: Graph): Map<string, Node> {
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') producers.set(name, node);
  return producers;
}
