import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { encodeMetadata } from '../../src/onnx/encode-metadata.js';
import type { DataType, Model, Tensor } from '../../src/onnx/ir.js';
import { decodeModel } from '../../src/onnx/read.js';
import { byteLengthOf, floatsOf, floatTensor, int64Tensor, intsOf } from '../../src/onnx/tensor.js';
import { encodeModel } from '../../src/onnx/write.js';
import { Session } from '../../src/runtime/session.js';

function small(): Model {
  const b = new GraphBuilder({ name: 'small' });
  const x = b.input('x', 'float32', ['N', 3]);
  const w = b.initializer('fc.weight', floatTensor([1, 2, 3, 4, 5, 6], [3, 2]));
  b.output(b.op('Gemm', [x, w], { alpha: 2 }, { name: 'fc' }), 'y');
  const model = b.build();
  model.metadata.set('recipe', 'digits');
  return model;
}

describe('encodeModel and decodeModel', () => {
  test('a built model comes back as it was', () => {
    const model = small();
    const again = decodeModel(encodeModel(model));
    expect(again.graph.nodes).toEqual(model.graph.nodes);
    expect(again.graph.inputs).toEqual(model.graph.inputs);
    expect(again.graph.outputs).toEqual(model.graph.outputs);
    expect(again.graph.initializers).toEqual(model.graph.initializers);
    expect(again.opsets).toEqual(model.opsets);
    expect(again.metadata).toEqual(new Map([['recipe', 'digits']]));
  });

  test('onnxruntime runs what was written', async () => {
    const session = await Session.create(encodeModel(small()));
    const { y } = await session.run({
      x: { dataType: 'float32', dims: [1, 3], data: Float32Array.from([1, 1, 1]) },
    });
    expect(y).toMatchObject({ dims: [1, 2], data: Float32Array.from([18, 24]) });
    await session.release();
  });

  test('writing twice gives the same bytes', () => {
    expect(encodeModel(decodeModel(encodeModel(small())))).toEqual(encodeModel(decodeModel(encodeModel(small()))));
  });

  test('initializers are views of the bytes read, not copies', () => {
    const bytes = encodeModel(small());
    const tensor = decodeModel(bytes).graph.initializers.get('fc.weight')!;
    expect(tensor.bytes.buffer).toBe(bytes.buffer);
  });

  test('a Buffer at an odd offset is read like any bytes', () => {
    const bytes = encodeModel(small());
    const padded = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
    expect(floatsOf(decodeModel(padded).graph.initializers.get('fc.weight')!)).toEqual(
      Float32Array.from([1, 2, 3, 4, 5, 6]),
    );
  });

  test('metadata appended to a finished file is read, and the last value of a key counts', () => {
    const bytes = Buffer.concat([encodeModel(small()), encodeMetadata({ recipe: 'other', stage: 'prune' })]);
    expect(decodeModel(bytes).metadata).toEqual(
      new Map([
        ['recipe', 'other'],
        ['stage', 'prune'],
      ]),
    );
  });

  test('random tensors of every element type survive', () => {
    const types: DataType[] = [
      'float32',
      'float64',
      'float16',
      'bfloat16',
      'int8',
      'int64',
      'uint64',
      'int4',
      'uint2',
      'float4e2m1',
      'float8e5m2',
      'complex128',
      'bool',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
        fc.integer({ min: 0, max: 255 }),
        (dataType, dims, fill) => {
          const tensor: Tensor = { dataType, dims, bytes: new Uint8Array(byteLengthOf(dataType, dims)).fill(fill) };
          const model = small();
          model.graph.initializers.set('t', tensor);
          expect(decodeModel(encodeModel(model)).graph.initializers.get('t')).toEqual(tensor);
        },
      ),
    );
  });
});

describe('what other exporters write', () => {
  /** A model of one node, as protobuf. */
  const base = (graph: Parameters<typeof create<typeof GraphProtoSchema>>[1], irVersion = 8n, rest: object = {}) =>
    toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion,
        opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: 13n })],
        graph: create(GraphProtoSchema, graph),
        ...rest,
      }),
    );

  const tensors = [
    ['FLOAT', { floatData: [1.5, -2] }, floatTensor([1.5, -2], [2])],
    ['INT64', { int64Data: [3n, -4n] }, int64Tensor([3, -4])],
    ['INT32', { int32Data: [3, -4] }, { dataType: 'int32', dims: [2], bytes: bytes(Int32Array.of(3, -4)) }],
    ['INT8', { int32Data: [3, -4] }, { dataType: 'int8', dims: [2], bytes: bytes(Int8Array.of(3, -4)) }],
    ['BOOL', { int32Data: [1, 0] }, { dataType: 'bool', dims: [2], bytes: Uint8Array.of(1, 0) }],
    ['FLOAT16', { int32Data: [15360, 49152] }, { dataType: 'float16', dims: [2], bytes: Uint8Array.of(0, 60, 0, 192) }],
    ['DOUBLE', { doubleData: [0.1, 2] }, { dataType: 'float64', dims: [2], bytes: bytes(Float64Array.of(0.1, 2)) }],
    [
      'UINT32',
      { uint64Data: [1n, 4294967295n] },
      { dataType: 'uint32', dims: [2], bytes: bytes(Uint32Array.of(1, 4294967295)) },
    ],
    [
      'UINT64',
      { uint64Data: [1n, 2n ** 64n - 1n] },
      { dataType: 'uint64', dims: [2], bytes: bytes(BigUint64Array.of(1n, 2n ** 64n - 1n)) },
    ],
    ['INT4', { int32Data: [0x21] }, { dataType: 'int4', dims: [2], bytes: Uint8Array.of(0x21) }],
  ] as const;
  test.each(tensors)('%s values stored as numbers become bytes', (type, data, expected) => {
    const initializer = [
      create(TensorProtoSchema, { name: 't', dims: [2n], dataType: TensorProto_DataType[type], ...(data as object) }),
    ];
    expect(decodeModel(base({ initializer })).graph.initializers.get('t')).toEqual(expected);
  });

  test('an initializer that is also listed as an input is no input', () => {
    const model = decodeModel(
      base(
        {
          input: [create(ValueInfoProtoSchema, { name: 'x' }), create(ValueInfoProtoSchema, { name: 'w' })],
          initializer: [create(TensorProtoSchema, { name: 'w', dataType: 1, floatData: [1] })],
        },
        3n,
      ),
    );
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(decodeModel(encodeModel(model)).irVersion).toBe(4);
  });

  test('Constant nodes become initializers of the same name, also scalar and list forms', () => {
    const constant = (output: string, attribute: object) =>
      create(NodeProtoSchema, {
        opType: 'Constant',
        output: [output],
        attribute: [create(AttributeProtoSchema, attribute)],
      });
    const bytesOfModel = base({
      node: [
        constant('a', {
          name: 'value',
          type: AttributeProto_AttributeType.TENSOR,
          t: create(TensorProtoSchema, { name: 'inner', dataType: 1, dims: [1n], floatData: [7] }),
        }),
        constant('b', { name: 'value_ints', type: AttributeProto_AttributeType.INTS, ints: [1n, -1n] }),
        constant('c', { name: 'value_float', type: AttributeProto_AttributeType.FLOAT, f: 0.5 }),
      ],
    });
    const { graph } = decodeModel(bytesOfModel);
    expect(graph.nodes).toEqual([]);
    expect(graph.initializers.get('a')).toEqual(floatTensor([7], [1]));
    expect(intsOf(graph.initializers.get('b')!)).toEqual([1, -1]);
    expect(graph.initializers.get('c')).toEqual(floatTensor([0.5], []));
    expect(decodeModel(bytesOfModel, { liftsConstants: false }).graph.nodes).toHaveLength(3);
  });

  test('what Lathe does not interpret is written back: functions, big integers, metadata, sparse types, raw strings', () => {
    const attribute = [
      create(AttributeProtoSchema, { name: 'big', type: AttributeProto_AttributeType.INT, i: 2n ** 60n }),
      create(AttributeProtoSchema, {
        name: 'raw',
        type: AttributeProto_AttributeType.STRING,
        s: Uint8Array.of(255, 254),
      }),
      create(AttributeProtoSchema, {
        name: 'types',
        type: AttributeProto_AttributeType.TYPE_PROTO,
        tp: { value: { case: 'tensorType', value: { elemType: 1 } } },
      }),
    ];
    const metadataProps = [create(StringStringEntryProtoSchema, { key: 'k', value: 'v' })];
    const node = [
      create(NodeProtoSchema, { opType: 'F', domain: 'local', output: ['y'], attribute, overload: 'o', metadataProps }),
    ];
    const input = [
      create(ValueInfoProtoSchema, {
        name: 's',
        type: {
          value: {
            case: 'sequenceType',
            value: { elemType: { value: { case: 'tensorType', value: { elemType: 1 } } } },
          },
        },
      }),
    ];
    const functions = [create(FunctionProtoSchema, { name: 'F', domain: 'local', output: ['y'] })];
    const original = base({ node, input, metadataProps }, 10n, { functions });
    const once = decodeModel(original);
    expect(decodeModel(encodeModel(once))).toEqual(once);
    expect(Buffer.from(encodeModel(once)).includes(Buffer.from(toBinary(FunctionProtoSchema, functions[0]!)))).toBe(
      true,
    );
    expect(once.graph.nodes[0]!.attributes.get('big')!.type).toBe('opaque');
    expect(once.graph.inputs[0]!.opaque).toBeDefined();
  });

  test('a subgraph keeps its names, initializers and Constant nodes', () => {
    const branch = (value: number) =>
      create(GraphProtoSchema, {
        name: 'branch',
        node: [create(NodeProtoSchema, { opType: 'Add', input: ['outer', 'inner'], output: ['z'] })],
        initializer: [create(TensorProtoSchema, { name: 'inner', dataType: 1, floatData: [value] })],
        output: [create(ValueInfoProtoSchema, { name: 'z' })],
      });
    const node = [
      create(NodeProtoSchema, {
        opType: 'If',
        input: ['c'],
        output: ['y'],
        attribute: [
          create(AttributeProtoSchema, { name: 'then_branch', type: AttributeProto_AttributeType.GRAPH, g: branch(1) }),
          create(AttributeProtoSchema, { name: 'else_branch', type: AttributeProto_AttributeType.GRAPH, g: branch(2) }),
        ],
      }),
    ];
    const once = decodeModel(base({ node }));
    expect(decodeModel(encodeModel(once))).toEqual(once);
    const attribute = once.graph.nodes[0]!.attributes.get('then_branch')!;
    expect(attribute.type === 'graph' && attribute.value.nodes[0]!.inputs).toEqual(['outer', 'inner']);
  });
});

function bytes(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
