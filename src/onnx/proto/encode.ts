import { create, mergeFromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeKind,
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import type { Attribute, Dim, Graph, Model, Node, Tensor, ValueInfo } from '../ir.js';
import { dataTypeNumber } from './data-type.js';
import { metadataBytes } from './metadata.js';
import { push, pushField, type Segments, segments } from './wire.js';

/** Where a tensor's bytes lie outside the model file. */
export interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

const GRAPH_IN_MODEL = 7;
const INITIALIZER_IN_GRAPH = 5;
const RAW_DATA_IN_TENSOR = 9;

/** From this IR version on, initializers need not be listed as inputs, and Lathe's graphs never list them. */
const LOWEST_IR_VERSION = 4;

/**
 * The bytes of a .onnx file in pieces; initializers' bytes appear as they are, without a copy.
 * @param external where initializers go that are not written into the file
 */
export function modelSegments(model: Model, external: ReadonlyMap<string, ExternalPlace> = new Map()): Segments {
  const head = create(ModelProtoSchema, {
    irVersion: BigInt(Math.max(model.irVersion, LOWEST_IR_VERSION)),
    producerName: model.producerName,
    producerVersion: model.producerVersion,
    domain: model.domain,
    modelVersion: BigInt(model.modelVersion),
    docString: model.docString,
    opsetImport: [...model.opsets].map(([domain, version]) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
    ),
  });
  const graph = segments();
  push(graph, toBinary(GraphProtoSchema, graphProto(model.graph, { withInitializers: false })));
  for (const [name, tensor] of model.graph.initializers) {
    pushField(graph, INITIALIZER_IN_GRAPH, tensorSegments(name, tensor, external.get(name)));
  }
  const result = segments();
  push(result, toBinary(ModelProtoSchema, head));
  pushField(result, GRAPH_IN_MODEL, graph);
  push(result, metadataBytes(model.metadata));
  if (model.opaque !== undefined) push(result, model.opaque);
  return result;
}

function tensorSegments(name: string, tensor: Tensor, place: ExternalPlace | undefined): Segments {
  const result = segments();
  const proto = tensorHeader(tensor, name);
  if (place !== undefined) {
    proto.dataLocation = TensorProto_DataLocation.EXTERNAL;
    for (const [key, value] of Object.entries(place)) {
      proto.externalData.push(create(StringStringEntryProtoSchema, { key, value: String(value) }));
    }
  }
  push(result, toBinary(TensorProtoSchema, proto));
  if (place === undefined && tensor.dataType !== 'string') {
    const raw = segments();
    push(raw, tensor.bytes);
    pushField(result, RAW_DATA_IN_TENSOR, raw);
  }
  return result;
}

function tensorHeader(tensor: Tensor, name: string): TensorProto {
  const proto = create(TensorProtoSchema, {
    dims: tensor.dims.map(BigInt),
    dataType: dataTypeNumber(tensor.dataType),
    stringData: (tensor.strings ?? []) as Uint8Array<ArrayBuffer>[],
  });
  if (name !== '') proto.name = name;
  if (tensor.docString !== undefined) proto.docString = tensor.docString;
  return merged(TensorProtoSchema, proto, tensor.opaque);
}

function tensorProto(tensor: Tensor, name = tensor.name ?? ''): TensorProto {
  const proto = tensorHeader(tensor, name);
  if (tensor.dataType !== 'string') proto.rawData = tensor.bytes as Uint8Array<ArrayBuffer>;
  return proto;
}

function graphProto(graph: Graph, options: { withInitializers: boolean }): GraphProto {
  const proto = create(GraphProtoSchema, {
    name: graph.name,
    node: graph.nodes.map(nodeProto),
    input: graph.inputs.map(valueInfoProto),
    output: graph.outputs.map(valueInfoProto),
    valueInfo: [...graph.valueInfo.values()].filter(isKnown).map(valueInfoProto),
    initializer: options.withInitializers
      ? [...graph.initializers].map(([name, tensor]) => tensorProto(tensor, name))
      : [],
  });
  if (graph.docString !== undefined) proto.docString = graph.docString;
  return merged(GraphProtoSchema, proto, graph.opaque);
}

function nodeProto(node: Node): NodeProto {
  const proto = create(NodeProtoSchema, {
    input: node.inputs,
    output: node.outputs,
    opType: node.opType,
    attribute: [...node.attributes].map(([name, attribute]) => attributeProto(name, attribute)),
  });
  if (node.name !== '') proto.name = node.name;
  if (node.domain !== '') proto.domain = node.domain;
  if (node.docString !== undefined) proto.docString = node.docString;
  return merged(NodeProtoSchema, proto, node.opaque);
}

function attributeProto(name: string, attribute: Attribute): AttributeProto {
  const proto = create(AttributeProtoSchema, { name });
  switch (attribute.type) {
    case 'float':
      proto.type = AttributeKind.FLOAT;
      proto.f = attribute.value;
      break;
    case 'int':
      proto.type = AttributeKind.INT;
      proto.i = BigInt(attribute.value);
      break;
    case 'string':
      proto.type = AttributeKind.STRING;
      proto.s = utf8(attribute.value);
      break;
    case 'tensor':
      proto.type = AttributeKind.TENSOR;
      proto.t = tensorProto(attribute.value);
      break;
    case 'graph':
      proto.type = AttributeKind.GRAPH;
      proto.g = graphProto(attribute.value, { withInitializers: true });
      break;
    case 'floats':
      proto.type = AttributeKind.FLOATS;
      proto.floats = [...attribute.value];
      break;
    case 'ints':
      proto.type = AttributeKind.INTS;
      proto.ints = attribute.value.map(BigInt);
      break;
    case 'strings':
      proto.type = AttributeKind.STRINGS;
      proto.strings = attribute.value.map(utf8);
      break;
    case 'opaque':
      mergeFromBinary(AttributeProtoSchema, proto, attribute.value);
      proto.name = name;
  }
  return proto;
}

function valueInfoProto(info: ValueInfo): ValueInfoProto {
  const proto = create(ValueInfoProtoSchema, { name: info.name });
  if (info.dataType !== 'undefined' || info.shape !== null) {
    const tensor = create(TypeProto_TensorSchema, { elemType: dataTypeNumber(info.dataType) });
    if (info.shape !== null) tensor.shape = create(TensorShapeProtoSchema, { dim: info.shape.map(dimensionProto) });
    proto.type = create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } });
  }
  return merged(ValueInfoProtoSchema, proto, info.opaque);
}

function dimensionProto(dim: Dim) {
  if (dim === null) return create(TensorShapeProto_DimensionSchema);
  return create(TensorShapeProto_DimensionSchema, {
    value: typeof dim === 'number' ? { case: 'dimValue', value: BigInt(dim) } : { case: 'dimParam', value: dim },
  });
}

/** A value_info entry without an element type says nothing and is refused by onnx's checker. */
function isKnown(info: ValueInfo): boolean {
  return info.dataType !== 'undefined' || info.opaque !== undefined;
}

function merged<T extends Parameters<typeof mergeFromBinary>[1]>(
  schema: Parameters<typeof mergeFromBinary>[0],
  proto: T,
  opaque: Uint8Array | undefined,
): T {
  if (opaque !== undefined) mergeFromBinary(schema, proto, opaque);
  return proto;
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}
