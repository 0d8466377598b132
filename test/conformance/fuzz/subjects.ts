import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, NodeProtoSchema, OperatorSetIdProtoSchema, TensorProtoSchema } from 'onnx-buf';
import { Random } from '../../../src/core/random.js';
import { buildNetwork } from '../../../src/network/build.js';
import { GraphBuilder } from '../../../src/onnx/builder.js';
import type { Graph, Model } from '../../../src/onnx/ir.js';
import { floatTensor, int64Tensor, scalarTensor } from '../../../src/onnx/tensor.js';
import { encodeModel } from '../../../src/onnx/write.js';
import type { Registries } from '../../../src/plugin/registries.js';
import { quantizeDynamic } from '../../../src/quantize/quantize-dynamic.js';
import { quantizeWeights } from '../../../src/quantize/quantize-weights.js';

/** Small models that have every construct that Lathe looks into, as bytes. */
export async function modelSubjects({ networks }: Registries): Promise<Uint8Array[]> {
  const random = new Random('fuzz');
  const layers = (list: readonly object[]) =>
    buildNetwork(
      { kind: 'layers', layers: list as never, input: null },
      { inputShape: [1, 8, 8], outputs: 3, random, registry: networks },
    );
  const images = await layers([
    { conv: { filters: 4, kernel: 3, pad: 1 } },
    { batchnorm: {} },
    { relu: {} },
    { maxpool: 2 },
    { dropout: 0.2 },
    { linear: 6 },
    { tanh: {} },
    { linear: 3 },
  ]);
  const table = await buildNetwork(
    { kind: 'uses', uses: 'mlp', options: { hidden: [5], activation: 'relu' } },
    { inputShape: [1, 8, 8], outputs: 3, random, registry: networks },
  );
  const models: Model[] = [images, table, attention(), shapes(), controlFlow()];
  const weights = [...table.graph.initializers.keys()].filter(
    (name) => table.graph.initializers.get(name)!.dims.length === 2,
  );
  models.push(quantizeDynamic(table, { isSelected: () => true, granularity: 'channel', convolutions: true }).model);
  models.push(
    quantizeWeights(table, { weights, scheme: 'symmetric-int8', granularity: 'channel', center: 'range' }).model,
  );
  return [...models.map(encodeModel), old()];
}

/** Products of activations, normalization, gathering, and what makes a transformer. */
function attention(): Model {
  const b = new GraphBuilder({ name: 'attention' });
  const values = (count: number) => Array.from({ length: count }, (_, i) => ((i * 7) % 11) / 11 - 0.5);
  const x = b.input('x', 'float32', ['N', 4, 6]);
  const w = b.initializer('w', floatTensor(values(36), [6, 6]));
  const scale = b.initializer('scale', floatTensor(values(6), [6]));
  const q = b.op('MatMul', [x, w], {}, { name: 'query' });
  const k = b.op('Transpose', [q], { perm: [0, 2, 1] });
  const scores = b.op('Softmax', [b.op('Mul', [b.op('MatMul', [q, k]), b.scalar(0.4)])], { axis: -1 });
  const mixed = b.op('Add', [b.op('MatMul', [scores, x]), x]);
  const normal = b.op('LayerNormalization', [mixed, scale, scale], { axis: -1 }, { name: 'norm' });
  const gelu = b.op('Einsum', [normal, w], { equation: 'nij,jk->nik' });
  b.output(b.op('ReduceMean', [gelu, b.ints([1])], { keepdims: 0 }));
  return b.build();
}

/** Arithmetic on shapes, which inference folds. */
function shapes(): Model {
  const b = new GraphBuilder({ name: 'shapes' });
  const x = b.input('x', 'float32', [2, 3, 8, 8]);
  const size = b.op('Shape', [x]);
  const half = b.op('Slice', [size, b.ints([2]), b.ints([4]), b.ints([0]), b.ints([1])]);
  const target = b.op('Concat', [b.ints([2, 3]), b.op('Mul', [half, b.ints([2])])], { axis: 0 });
  const resized = b.op('Resize', [x, b.constant(floatTensor([], [0])), b.constant(floatTensor([], [0])), target], {
    mode: 'nearest',
  });
  const padded = b.op('Pad', [resized, b.ints([0, 0, 1, 1, 0, 0, 1, 1])]);
  const filter = b.initializer('filter', floatTensor(new Array(54).fill(0.1), [2, 3, 3, 3]));
  const convolved = b.op(
    'Conv',
    [padded, filter],
    { strides: [2, 2], pads: [0, 0, 0, 0], group: 1, dilations: [1, 1] },
    { name: 'conv' },
  );
  const flat = b.op('Reshape', [convolved, b.ints([2, -1])]);
  const gathered = b.op('Gather', [flat, b.ints([0, 1, 3])], { axis: 1 });
  const tiled = b.op('Tile', [gathered, b.ints([1, 2])]);
  const expanded = b.op('Expand', [b.op('Unsqueeze', [tiled, b.ints([0])]), b.ints([2, 2, 6])]);
  b.output(b.op('Flatten', [expanded], { axis: 1 }));
  b.output(b.op('Cast', [b.op('Size', [x])], { to: 1 }));
  return b.build();
}

/** If, Loop and Scan with graphs inside graphs. */
function controlFlow(): Model {
  const b = new GraphBuilder({ name: 'control flow' });
  const x = b.input('x', 'float32', [2, 3]);
  b.output(b.op('Relu', [x], {}, { name: 'relu' }));
  const model = b.build();
  const graph = (
    name: string,
    inputs: Graph['inputs'],
    output: string,
    shape: Graph['outputs'][number]['shape'],
  ): Graph => ({
    name,
    inputs,
    nodes: [
      { name: `${name}.node`, opType: 'Neg', domain: '', inputs: ['x'], outputs: [output], attributes: new Map() },
    ],
    outputs: [{ name: output, dataType: 'float32', shape }],
    initializers: new Map([[`${name}.w`, floatTensor([1, 2], [2])]]),
    valueInfo: new Map(),
  });
  const outer = model.graph;
  outer.initializers.set('yes', scalarTensor(1, 'bool')).set('count', int64Tensor([3], []));
  const body = graph('body', [], 'b1', [2, 3]);
  body.inputs.push(
    { name: 'i', dataType: 'int64', shape: [] },
    { name: 'go', dataType: 'bool', shape: [] },
    { name: 'c', dataType: 'float32', shape: [2, 3] },
  );
  body.outputs.unshift({ name: 'go', dataType: 'bool', shape: [] });
  const step = graph('step', [{ name: 'row', dataType: 'float32', shape: [3] }], 's1', [2, 3]);
  const inner = { name: 'inner', opType: 'If', domain: '', inputs: ['yes'], outputs: ['t2'], attributes: new Map() };
  inner.attributes.set('then_branch', { type: 'graph', value: graph('a', [], 'a1', [2, 3]) });
  inner.attributes.set('else_branch', { type: 'graph', value: graph('b', [], 'b2', [2, 3]) });
  const then = graph('then', [], 't1', [2, 3]);
  then.nodes.push(inner);
  outer.nodes.push(
    {
      name: 'if',
      opType: 'If',
      domain: '',
      inputs: ['yes'],
      outputs: ['i1'],
      attributes: new Map([
        ['then_branch', { type: 'graph', value: then }],
        ['else_branch', { type: 'graph', value: graph('else', [], 'e1', [2, 3]) }],
      ]),
    },
    {
      name: 'loop',
      opType: 'Loop',
      domain: '',
      inputs: ['count', 'yes', 'x'],
      outputs: ['l1'],
      attributes: new Map([['body', { type: 'graph', value: body }]]),
    },
    {
      name: 'scan',
      opType: 'Scan',
      domain: '',
      inputs: ['x'],
      outputs: ['z1'],
      attributes: new Map([
        ['body', { type: 'graph', value: step }],
        ['num_scan_inputs', { type: 'int', value: 1 }],
      ]),
    },
  );
  outer.outputs.push(
    { name: 'i1', dataType: 'float32', shape: [2, 3] },
    { name: 'l1', dataType: 'float32', shape: null },
  );
  return model;
}

/** Opset 7 with constants in nodes, text, numbers in typed fields, a tensor in another file. */
function old(): Uint8Array {
  const node = (opType: string, input: string[], output: string[], attribute: object[] = []) =>
    create(NodeProtoSchema, { opType, input, output, attribute: attribute as never });
  const model = create(ModelProtoSchema, {
    irVersion: 3n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: 7n })],
    producerName: 'fuzz',
    metadataProps: [{ key: 'a', value: 'b' }],
    graph: {
      name: 'old',
      input: [
        {
          name: 'x',
          type: {
            value: {
              case: 'tensorType',
              value: {
                elemType: 1,
                shape: {
                  dim: [{ value: { case: 'dimParam', value: 'N' } }, { value: { case: 'dimValue', value: 4n } }],
                },
              },
            },
          },
        },
      ],
      output: [{ name: 'y' }, { name: 'label' }],
      initializer: [
        create(TensorProtoSchema, {
          name: 'w',
          dataType: 1,
          dims: [4n, 4n],
          floatData: Array.from({ length: 16 }, (_, i) => i / 16),
        }),
        create(TensorProtoSchema, {
          name: 'words',
          dataType: 8,
          dims: [2n],
          stringData: [Buffer.from('yes'), Buffer.from('no')],
        }),
        create(TensorProtoSchema, {
          name: 'far',
          dataType: 1,
          dims: [4n],
          dataLocation: 1,
          externalData: [
            { key: 'location', value: 'model.data' },
            { key: 'offset', value: '0' },
            { key: 'length', value: '16' },
          ],
        }),
      ],
      node: [
        node('Constant', [], ['c'], [{ name: 'value', type: 4, t: { dataType: 7, dims: [2n], int64Data: [-1n, 4n] } }]),
        node(
          'Gemm',
          ['x', 'w', 'far'],
          ['g'],
          [
            { name: 'transB', type: 2, i: 1n },
            { name: 'alpha', type: 1, f: 0.5 },
          ],
        ),
        node('Reshape', ['g', 'c'], ['r']),
        node('BatchNormalization', ['r', 'far', 'far', 'far', 'far'], ['n'], [{ name: 'spatial', type: 2, i: 1n }]),
        node(
          'Clip',
          ['n'],
          ['p'],
          [
            { name: 'min', type: 1, f: 0 },
            { name: 'max', type: 1, f: 6 },
          ],
        ),
        node('Squeeze', ['p'], ['q'], [{ name: 'axes', type: 7, ints: [0n] }]),
        node('Dropout', ['q'], ['y'], [{ name: 'ratio', type: 1, f: 0.5 }]),
        node('Identity', ['words'], ['label']),
      ],
    },
  } as never);
  return toBinary(ModelProtoSchema, model);
}
