import { create, isFieldSet, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import {
  AttributeProto_AttributeType as AttributeKind,
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorShapeProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { UserError } from '../../core/errors.js';
import type { Attribute, Dim, Graph, Model, Node, Opaque, Tensor, ValueInfo } from '../ir.js';
import { dataTypeOf } from './data-type.js';
import { type ExternalLoader, toTensor } from './tensor.js';

/** The model of a ModelProto that has a graph. Throws ONNX_DECODE, ONNX_DUPLICATE_NAME, and what `toTensor` throws. */
export function toModel(proto: ModelProto & { graph: GraphProto }, load: ExternalLoader): Model {
  const opsets = new Map<string, number>();
  for (const { domain, version } of proto.opsetImport) opsets.set(normalDomain(domain), versionOf(version, 'opset'));
  // Before IR version 3 there were no imports: opset 1 was meant.
  if (opsets.size === 0 && proto.irVersion < 3n) opsets.set('', 1);
  const graph = toGraph(proto.graph, load);
  // Until IR version 3 every initializer had to be listed as an input too.
  graph.inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  return {
    irVersion: versionOf(proto.irVersion, 'IR version'),
    opsets,
    graph,
    producerName: proto.producerName,
    producerVersion: proto.producerVersion,
    domain: proto.domain,
    // A number of the exporter's own, perhaps a time in nanoseconds; the nearest double may be beyond what can be written.
    modelVersion: Math.min(Number(proto.modelVersion), 2 ** 63 - 1024),
    docString: proto.docString,
    metadata: new Map(proto.metadataProps.map(({ key, value }) => [key, value])),
    ...rest(ModelProtoSchema, proto, {
      trainingInfo: proto.trainingInfo,
      functions: proto.functions,
      configuration: proto.configuration,
    }),
  };
}

function versionOf(version: bigint, what: string): number {
  if (version >= 0n && version <= HIGHEST_VERSION) return Number(version);
  throw new UserError(
    'ONNX_DECODE',
    `The model states the ${what} ${version}.`,
    'The file is damaged: export it again.',
  );
}

/** Far above any that there will be. */
const HIGHEST_VERSION = 1_000_000n;

function toGraph(proto: GraphProto, load: ExternalLoader): Graph {
  const initializers = new Map<string, Tensor>();
  for (const tensor of proto.initializer) {
    if (initializers.has(tensor.name)) throw twice(tensor.name);
    initializers.set(tensor.name, toTensor(tensor, `The tensor "${tensor.name}"`, load));
  }
  const valueInfo = new Map<string, ValueInfo>();
  for (const info of proto.valueInfo) valueInfo.set(info.name, toValueInfo(info));
  return {
    name: proto.name,
    nodes: proto.node.map((node) => toNode(node, load)),
    inputs: proto.input.map(toValueInfo),
    outputs: proto.output.map(toValueInfo),
    initializers,
    valueInfo,
    ...text('docString', proto.docString),
    ...(proto.sparseInitializer.length === 0
      ? {}
      : { sparseNames: proto.sparseInitializer.map(({ values }) => values?.name ?? '') }),
    ...rest(GraphProtoSchema, proto, {
      sparseInitializer: proto.sparseInitializer,
      quantizationAnnotation: proto.quantizationAnnotation,
      metadataProps: proto.metadataProps,
    }),
  };
}

function twice(name: string): UserError {
  return new UserError(
    'ONNX_DUPLICATE_NAME',
    `The model has two tensors named "${name}".`,
    'The file is damaged: export it again.',
  );
}

function toNode(proto: NodeProto, load: ExternalLoader): Node {
  const attributes = new Map<string, Attribute>();
  for (const attribute of proto.attribute) {
    const place = `The attribute "${attribute.name}" of the node "${proto.name || proto.output[0]}"`;
    attributes.set(attribute.name, toAttribute(attribute, place, load));
  }
  return {
    name: proto.name,
    opType: proto.opType,
    domain: normalDomain(proto.domain),
    inputs: proto.input,
    outputs: proto.output,
    attributes,
    ...text('docString', proto.docString),
    ...rest(NodeProtoSchema, proto, {
      overload: proto.overload,
      metadataProps: proto.metadataProps,
      deviceConfigurations: proto.deviceConfigurations,
    }),
  };
}

function toAttribute(proto: AttributeProto, place: string, load: ExternalLoader): Attribute {
  const opaque = (): Attribute => ({ type: 'opaque', value: toBinary(AttributeProtoSchema, proto) });
  // Inside a function an attribute may only refer to one of the function's.
  if (proto.refAttrName !== '') return opaque();
  switch (kindOf(proto)) {
    case AttributeKind.FLOAT:
      return { type: 'float', value: proto.f };
    case AttributeKind.INT:
      return isSafe(proto.i) ? { type: 'int', value: Number(proto.i) } : opaque();
    case AttributeKind.STRING: {
      const value = decodeText(proto.s);
      return value === undefined ? opaque() : { type: 'string', value };
    }
    case AttributeKind.TENSOR: {
      if (proto.t === undefined) return opaque();
      const value = toTensor(proto.t, place, load);
      return { type: 'tensor', value: proto.t.name === '' ? value : { ...value, name: proto.t.name } };
    }
    case AttributeKind.GRAPH:
      return proto.g === undefined ? opaque() : { type: 'graph', value: toGraph(proto.g, load) };
    case AttributeKind.FLOATS:
      return { type: 'floats', value: proto.floats };
    case AttributeKind.INTS:
      return proto.ints.every(isSafe) ? { type: 'ints', value: proto.ints.map(Number) } : opaque();
    case AttributeKind.STRINGS: {
      const value = proto.strings.map(decodeText);
      return value.every((item) => item !== undefined) ? { type: 'strings', value: value as string[] } : opaque();
    }
    default:
      return opaque();
  }
}

/** IR version 1 did not store the type: the field that is filled tells. */
function kindOf(proto: AttributeProto): AttributeKind {
  if (proto.type !== AttributeKind.UNDEFINED) return proto.type;
  if (proto.t !== undefined) return AttributeKind.TENSOR;
  if (proto.g !== undefined) return AttributeKind.GRAPH;
  if (proto.floats.length > 0) return AttributeKind.FLOATS;
  if (proto.ints.length > 0) return AttributeKind.INTS;
  if (proto.strings.length > 0) return AttributeKind.STRINGS;
  if (isFieldSet(proto, AttributeProtoSchema.field.f)) return AttributeKind.FLOAT;
  if (isFieldSet(proto, AttributeProtoSchema.field.i)) return AttributeKind.INT;
  if (isFieldSet(proto, AttributeProtoSchema.field.s)) return AttributeKind.STRING;
  return AttributeKind.UNDEFINED;
}

function toValueInfo(proto: ValueInfoProto): ValueInfo {
  const type = proto.type;
  const known = { docString: proto.docString, metadataProps: proto.metadataProps };
  if (type?.value.case !== 'tensorType') {
    return {
      name: proto.name,
      dataType: 'undefined',
      shape: null,
      ...rest(ValueInfoProtoSchema, proto, type === undefined ? known : { ...known, type }),
    };
  }
  const { elemType, shape } = type.value.value;
  return {
    name: proto.name,
    dataType: dataTypeOf(elemType) ?? 'undefined',
    shape: shape === undefined ? null : shapeOf(shape),
    ...rest(
      ValueInfoProtoSchema,
      proto,
      type.denotation === '' ? known : { ...known, type: { denotation: type.denotation } },
    ),
  };
}

/** A negative size is how some exporters say "unknown"; one beyond all memory says nothing either. */
function shapeOf(shape: TensorShapeProto): Dim[] {
  return shape.dim.map(({ value }) => {
    if (value.case === 'dimValue') return value.value >= 0n && isSafe(value.value) ? Number(value.value) : null;
    return value.case === 'dimParam' && value.value !== '' ? value.value : null;
  });
}

/** The fields that the IR has no place for, and those that this version of ONNX does not know, in wire format. */
function rest<T extends ModelProto | GraphProto | NodeProto | ValueInfoProto>(
  schema: GenMessage<T>,
  proto: T,
  fields: object,
): { opaque?: Opaque } {
  const isEmpty = Object.values(fields).every((value) => value === '' || (Array.isArray(value) && value.length === 0));
  if (isEmpty && proto.$unknown === undefined) return {};
  const message = create(schema, fields as never) as MessageShape<typeof schema>;
  if (proto.$unknown !== undefined) message.$unknown = proto.$unknown;
  const opaque = toBinary(schema, message);
  return opaque.byteLength === 0 ? {} : { opaque };
}

/** 'ai.onnx' and '' are the same domain. */
function normalDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function text<K extends string>(key: K, value: string): { [key in K]?: string } {
  return value === '' ? {} : ({ [key]: value } as { [key in K]?: string });
}
