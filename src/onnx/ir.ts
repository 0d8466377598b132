/** The element types of ONNX tensors, by the names of the specification in lower case. */
export type DataType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1'
  | 'complex64'
  | 'complex128'
  | 'bool'
  | 'string'
  | 'undefined';

/** A dimension: its size, its symbolic name, or null where nothing is known. */
export type Dim = number | string | null;

/** A constant: little-endian bytes in row-major order (strings: see `strings`). Treat as immutable; replace, never write. */
export interface Tensor {
  readonly dataType: DataType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
  /** Only where dataType is 'string'; `bytes` is empty then. */
  readonly strings?: readonly Uint8Array[];
  /** The name inside an attribute's TensorProto; an initializer's name is its key in the graph. */
  readonly name?: string;
  readonly docString?: string;
  readonly opaque?: Opaque;
}

/**
 * Protobuf fields that Lathe does not interpret, in wire format, so that they are written back as they were read.
 * Only src/onnx/proto looks inside.
 */
export type Opaque = Uint8Array;

export type Attribute =
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'tensor'; readonly value: Tensor }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'ints'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  /** Anything else: sparse tensors, types, lists of graphs, integers beyond 2^53, strings that are no UTF-8. */
  | { readonly type: 'opaque'; readonly value: Opaque };

/** One operator call. An input '' is an omitted optional input; an output '' is not produced. */
export interface Node {
  name: string;
  opType: string;
  /** '' is ai.onnx. */
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, Attribute>;
  docString?: string;
  /** Overload, metadata, device configurations. */
  opaque?: Opaque;
}

export interface ValueInfo {
  name: string;
  dataType: DataType;
  /** null: the rank is unknown. */
  shape: readonly Dim[] | null;
  /** A type that is no tensor (sequence, map, optional, sparse), documentation, metadata. */
  opaque?: Opaque;
}

export interface Graph {
  name: string;
  nodes: Node[];
  /** Inputs fed at run time; initializers that old exporters also list as inputs are not repeated here. */
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  initializers: Map<string, Tensor>;
  /** Known types of values that are neither input nor output. */
  valueInfo: Map<string, ValueInfo>;
  docString?: string;
  /** Sparse initializers, quantization annotations, metadata. */
  opaque?: Opaque;
  /** Names of the sparse initializers. */
  sparseNames?: readonly string[];
}

export interface Model {
  irVersion: number;
  /** Domain to version; '' is ai.onnx. */
  opsets: Map<string, number>;
  graph: Graph;
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: number;
  docString: string;
  /** metadata_props. */
  metadata: Map<string, string>;
  /** Local functions, training info, device configurations. */
  opaque?: Opaque;
}

/** How messages and selections call a node: its name or, where the exporter gave none, its first output. */
export function nodeLabel(node: Node): string {
  return node.name === '' ? (node.outputs.find((output) => output !== '') ?? '') : node.name;
}

export function intAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'int' ? attribute.value : fallback;
}

export function floatAttribute(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'float' ? attribute.value : fallback;
}

export function stringAttribute(node: Node, name: string, fallback: string): string {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'string' ? attribute.value : fallback;
}

export function intsAttribute(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value : undefined;
}

/** A copy whose nodes, maps and lists can be changed freely; tensors' bytes are shared, since they are immutable. */
export function cloneModel(model: Model): Model {
  return {
    ...model,
    opsets: new Map(model.opsets),
    metadata: new Map(model.metadata),
    graph: cloneGraph(model.graph),
  };
}

export function cloneGraph(graph: Graph): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: [...node.inputs],
      outputs: [...node.outputs],
      attributes: new Map([...node.attributes].map(([name, attribute]) => [name, cloneAttribute(attribute)])),
    })),
    inputs: graph.inputs.map((info) => ({ ...info })),
    outputs: graph.outputs.map((info) => ({ ...info })),
    initializers: new Map(graph.initializers),
    valueInfo: new Map(graph.valueInfo),
  };
}

function cloneAttribute(attribute: Attribute): Attribute {
  return attribute.type === 'graph' ? { type: 'graph', value: cloneGraph(attribute.value) } : attribute;
}
