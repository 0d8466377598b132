import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  SparseTensorProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { checkModel } from '../../src/onnx/check.js';
import { inferShapes } from '../../src/onnx/infer.js';
import { decodeModel } from '../../src/onnx/read.js';
import { encodeModel } from '../../src/onnx/write.js';

function modelWith(graph: GraphProto): Uint8Array {
  const opsetImport = [create(OperatorSetIdProtoSchema, { version: 18n })];
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph }));
}

function modelWithTensor(fields: object): Uint8Array {
  const tensor = create(TensorProtoSchema, { name: 'conv1.weight', dataType: 1, ...fields });
  return modelWith(create(GraphProtoSchema, { initializer: [tensor] }));
}

describe('damaged tensors are refused by name', () => {
  test.each([
    ['bytes that do not fill the shape', { dims: [2n, 3n], rawData: new Uint8Array(20) }],
    ['more bytes than the shape has', { dims: [], rawData: new Uint8Array(8) }],
    ['a negative size', { dims: [-1n, 4n] }],
    ['a shape of 2^80 elements', { dims: [2n ** 40n, 2n ** 40n] }],
    ['numbers that do not fill the shape', { dims: [3n], floatData: [1, 2] }],
    ['no data at all', { dims: [3n] }],
    ['an unknown type', { dims: [1n], dataType: 99, rawData: new Uint8Array(4) }],
    ['external data without a file', { dims: [1n], dataLocation: TensorProto_DataLocation.EXTERNAL }],
  ])('%s', (_, fields) => {
    expect(() => decodeModel(modelWithTensor(fields), { name: 'net.onnx' })).toThrowErrorMatchingSnapshot();
  });

  test('the file is the place of the error', () => {
    expect(() => decodeModel(modelWithTensor({ dims: [3n] }), { name: 'net.onnx' })).toThrow(
      expect.objectContaining({ place: { kind: 'file', file: 'net.onnx' } }),
    );
  });

  test('a tensor without elements needs no bytes', () => {
    const model = decodeModel(modelWithTensor({ dims: [0n, 4n] }));
    expect(model.graph.initializers.get('conv1.weight')!.bytes).toHaveLength(0);
  });
});

test.each([
  ['irVersion', -1n, 'IR version -1'],
  ['irVersion', 2n ** 63n - 1n, 'IR version 9223372036854775807'],
  ['opset', 2n ** 40n, 'opset 1099511627776'],
])('an impossible version is refused: %s %s', (field, version, named) => {
  const opsetImport = [create(OperatorSetIdProtoSchema, { version: field === 'opset' ? version : 18n })];
  const irVersion = field === 'opset' ? 8n : version;
  const bytes = toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion, opsetImport, graph: {} }));
  expect(() => decodeModel(bytes)).toThrow(`The model states the ${named}.`);
});

test('sizes beyond all memory are unknown, and what was read can be written', () => {
  const dim = [2n ** 63n - 1n, -1n, 7n].map((value) => ({ value: { case: 'dimValue' as const, value } }));
  const x = { name: 'x', type: { value: { case: 'tensorType' as const, value: { elemType: 1, shape: { dim } } } } };
  const model = decodeModel(modelWith(create(GraphProtoSchema, { input: [x] })));
  expect(model.graph.inputs[0]!.shape).toEqual([null, null, 7]);
  expect(decodeModel(encodeModel({ ...model, modelVersion: Number.MAX_SAFE_INTEGER })).graph).toEqual(model.graph);
});

test('a model version is written again, however large', () => {
  const opsetImport = [create(OperatorSetIdProtoSchema, { version: 18n })];
  for (const modelVersion of [1_732_000_000_000_000_000n, 2n ** 63n - 1n, -5n]) {
    const bytes = toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, { irVersion: 8n, modelVersion, opsetImport, graph: {} }),
    );
    const model = decodeModel(bytes);
    expect(decodeModel(encodeModel(model)).modelVersion).toBe(model.modelVersion);
  }
});

test('a thousand graphs inside each other are refused, not a stack overflow', () => {
  let graph = create(GraphProtoSchema, {});
  let bytes: Uint8Array = toBinary(GraphProtoSchema, graph);
  for (let depth = 0; depth < 1000; depth++) {
    // Wrapped by hand: the encoder would overflow where the decoder must not.
    bytes = field(1, field(5, Buffer.concat([field(6, bytes), Uint8Array.of(0xa0, 0x01, 5)])));
  }
  graph = create(GraphProtoSchema, {});
  const head = modelWith(graph);
  expect(() => decodeModel(Buffer.concat([head, field(7, bytes)]))).toThrow('maximum recursion depth');
});

test('two tensors of one name are refused', () => {
  const tensor = create(TensorProtoSchema, { name: 'w', dataType: 1, dims: [1n], floatData: [1] });
  expect(() => decodeModel(modelWith(create(GraphProtoSchema, { initializer: [tensor, tensor] })))).toThrow(
    'The model has two tensors named "w".',
  );
});

test('no shape is as long as a file pleases', () => {
  const int64 = (name: string, value: bigint) =>
    create(TensorProtoSchema, { name, dataType: 7, dims: [1n], int64Data: [value] });
  const node = (opType: string, input: string[], output: string) =>
    create(NodeProtoSchema, { opType, input, output: [output] });
  const bytes = modelWith(
    create(GraphProtoSchema, {
      initializer: [int64('one', 1n), int64('times', 2_000_000_000n)],
      node: [
        node('Tile', ['one', 'times'], 'tiled'),
        node('Reshape', ['x', 'tiled'], 'reshaped'),
        node('ConstantOfShape', ['tiled'], 'filled'),
      ],
      input: [{ name: 'x', type: { value: { case: 'tensorType', value: { elemType: 1 } } } }],
      output: [{ name: 'reshaped' }, { name: 'filled' }],
    }),
  );
  const types = inferShapes(decodeModel(bytes));
  expect(types.get('tiled')!.shape).toEqual([2_000_000_000]);
  expect(types.get('reshaped')!.shape).toBeNull();
  expect(types.get('filled')!.shape).toBeNull();
});

test('sparse initializers survive, and checkModel knows their names', () => {
  const values = create(TensorProtoSchema, { name: 'sparse', dataType: 1, dims: [1n], floatData: [3] });
  const indices = create(TensorProtoSchema, { dataType: 7, dims: [1n], int64Data: [2n] });
  const bytes = modelWith(
    create(GraphProtoSchema, {
      sparseInitializer: [create(SparseTensorProtoSchema, { values, indices, dims: [4n] })],
      node: [create(NodeProtoSchema, { opType: 'Relu', input: ['sparse'], output: ['y'] })],
      output: [{ name: 'y' }],
    }),
  );
  const model = decodeModel(bytes);
  expect(() => checkModel(model)).not.toThrow();
  expect(decodeModel(encodeModel(model))).toEqual(model);
});

test('attributes of files without types are told by the field that is filled', () => {
  const attribute = [
    create(AttributeProtoSchema, { name: 'f', f: 0.5 }),
    create(AttributeProtoSchema, { name: 'i', i: 3n }),
    create(AttributeProtoSchema, { name: 's', s: new TextEncoder().encode('é') }),
    create(AttributeProtoSchema, { name: 'ints', ints: [1n, -2n] }),
    create(AttributeProtoSchema, { name: 'none', type: AttributeProto_AttributeType.UNDEFINED }),
  ];
  const bytes = modelWith(create(GraphProtoSchema, { node: [create(NodeProtoSchema, { opType: 'Any', attribute })] }));
  const { attributes } = decodeModel(bytes).graph.nodes[0]!;
  expect([...attributes.values()].slice(0, 4)).toEqual([
    { type: 'float', value: 0.5 },
    { type: 'int', value: 3 },
    { type: 'string', value: 'é' },
    { type: 'ints', value: [1, -2] },
  ]);
  expect(attributes.get('none')!.type).toBe('opaque');
});

/** A length-delimited field of protobuf. */
function field(number: number, content: Uint8Array): Uint8Array {
  const header = [number * 8 + 2];
  for (let rest = content.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      header.push(rest);
      break;
    }
    header.push((rest % 128) + 128);
  }
  return Buffer.concat([Uint8Array.from(header), content]);
}
