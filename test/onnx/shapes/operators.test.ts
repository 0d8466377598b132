import { describe, test } from 'vitest';
import { floatTensor } from '../../../src/onnx/tensor.js';
import { type BuildCase, expectRealShapes, type InputSpec } from './real-shapes.js';

type Case = readonly [name: string, inputs: readonly InputSpec[], build: BuildCase, opset?: number];

const ms = { domain: 'com.microsoft' };
const f = (...dims: number[]): InputSpec => ({ dims });
const i64 = (dims: number[], fill: (i: number) => number): InputSpec => ({ dims, dataType: 'int64', fill });
const i32 = (dims: number[], fill: (i: number) => number): InputSpec => ({ dims, dataType: 'int32', fill });
const u8 = (...dims: number[]): InputSpec => ({ dims, dataType: 'uint8', fill: (i) => i % 5 });
const bool = (...dims: number[]): InputSpec => ({ dims, dataType: 'bool', fill: (i) => i % 2 });

const elementwise: Case[] = [
  ...['Add', 'Sub', 'Mul', 'Div', 'Pow'].map(
    (op): Case => [op, [f(2, 1, 4), f(3, 1)], (b, [x, y]) => [b.op(op, [x!, y!])]],
  ),
  ...['Equal', 'Greater', 'Less', 'LessOrEqual', 'GreaterOrEqual'].map(
    (op): Case => [op, [f(2, 3), f(3)], (b, [x, y]) => [b.op(op, [x!, y!])]],
  ),
  ...['And', 'Or', 'Xor'].map((op): Case => [op, [bool(2, 3), bool(1)], (b, [x, y]) => [b.op(op, [x!, y!])]]),
  ...['Max', 'Min', 'Sum', 'Mean'].map((op): Case => [op, [f(2, 1), f(3), f(1, 1)], (b, inputs) => [b.op(op, inputs)]]),
  ...(
    'Abs Neg Exp Log Sqrt Reciprocal Erf Sign Floor Ceil Round Sin Cos Tanh Sigmoid Relu LeakyRelu Elu Selu Celu ' +
    'Softplus Softsign HardSigmoid HardSwish Mish ThresholdedRelu Softmax LogSoftmax Hardmax Identity'
  )
    .split(' ')
    .map((op): Case => [op, [f(2, 3)], (b, [x]) => [b.op(op, [x!])]]),
  ['Gelu', [f(2, 3)], (b, [x]) => [b.op('Gelu', [x!])], 20],
  ['PRelu', [f(2, 3, 2), f(3, 1)], (b, [x, y]) => [b.op('PRelu', [x!, y!])]],
  ['Clip', [f(2, 3)], (b, [x]) => [b.op('Clip', [x!, b.scalar(0), b.scalar(6)])]],
  ['Where', [bool(2, 1), f(3), f(1)], (b, [c, x, y]) => [b.op('Where', [c!, x!, y!])]],
  ['Not', [bool(2)], (b, [x]) => [b.op('Not', [x!])]],
  ['Cast', [f(2)], (b, [x]) => [b.op('Cast', [x!], { to: 7 })]],
  ['Dropout', [f(2, 3)], (b, [x]) => b.ops('Dropout', [x!], 2)],
  ['CumSum', [f(2, 3)], (b, [x]) => [b.op('CumSum', [x!, b.ints([1])])]],
  ['Trilu', [f(3, 3)], (b, [x]) => [b.op('Trilu', [x!], { upper: 0 })]],
  [
    'com.microsoft activations',
    [f(2, 4), f(4)],
    (b, [x, y]) => [
      b.op('Gelu', [x!], {}, ms),
      b.op('FastGelu', [x!], {}, ms),
      b.op('QuickGelu', [x!], {}, ms),
      b.op('BiasGelu', [x!, y!], {}, ms),
    ],
  ],
];

const linear: Case[] = [
  ['MatMul of matrices', [f(2, 3), f(3, 4)], (b, [x, y]) => [b.op('MatMul', [x!, y!])]],
  ['MatMul in batches', [f(5, 1, 2, 3), f(4, 3, 2)], (b, [x, y]) => [b.op('MatMul', [x!, y!])]],
  [
    'MatMul with vectors',
    [f(3), f(2, 3, 4), f(4)],
    (b, [v, x, w]) => [b.op('MatMul', [v!, x!]), b.op('MatMul', [x!, w!]), b.op('MatMul', [v!, v!])],
  ],
  ['Gemm', [f(3, 2), f(4, 3), f(4)], (b, [x, y, z]) => [b.op('Gemm', [x!, y!, z!], { transA: 1, transB: 1, beta: 2 })]],
  [
    'FusedMatMul',
    [f(5, 3, 2), f(5, 4, 3)],
    (b, [x, y]) => [b.op('FusedMatMul', [x!, y!], { transA: 1, transB: 1, alpha: 2 }, ms)],
  ],
  [
    'FusedMatMul with batches inside',
    [f(2, 5, 3), f(5, 3, 4)],
    (b, [x, y]) => [b.op('FusedMatMul', [x!, y!], { transBatchA: 1 }, ms)],
  ],
  [
    'FusedMatMul with both transpositions',
    [f(3, 5, 2), f(4, 5, 3)],
    (b, [x, y]) => [b.op('FusedMatMul', [x!, y!], { transBatchA: 1, transA: 1, transBatchB: 1, transB: 1 }, ms)],
  ],
  [
    'Einsum',
    [f(2, 3, 4), f(2, 4, 5)],
    (b, [x, y]) => [
      b.op('Einsum', [x!, y!], { equation: 'bij, bjk -> bik' }),
      b.op('Einsum', [x!, y!], { equation: '...ij,...jk->...ki' }),
      b.op('Einsum', [x!], { equation: 'bij->' }),
      b.op('Einsum', [x!, y!], { equation: 'bij,bjk' }),
    ],
  ],
  ['MatMulInteger', [u8(2, 3), u8(3, 4)], (b, [x, y]) => [b.op('MatMulInteger', [x!, y!])]],
  [
    'MatMulNBits',
    [f(2, 3, 32)],
    (b, [x]) => [
      b.op(
        'MatMulNBits',
        [
          x!,
          b.constant({ dataType: 'uint8', dims: [8, 1, 16], bytes: new Uint8Array(128) }),
          b.constant(floatTensor(new Float32Array(8).fill(1), [8])),
        ],
        { K: 32, N: 8, bits: 4, block_size: 32 },
        ms,
      ),
    ],
  ],
];

const convolution: Case[] = [
  [
    'Conv with strides, pads, dilations',
    [f(2, 4, 9, 8), f(6, 4, 3, 2)],
    (b, [x, w]) => [b.op('Conv', [x!, w!], { strides: [2, 1], pads: [1, 0, 2, 1], dilations: [2, 1] })],
  ],
  ['Conv with groups', [f(1, 4, 5, 5), f(4, 1, 3, 3)], (b, [x, w]) => [b.op('Conv', [x!, w!], { group: 4 })]],
  [
    'Conv with automatic pads',
    [f(1, 2, 7, 6), f(3, 2, 3, 3)],
    (b, [x, w]) => [
      b.op('Conv', [x!, w!], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
      b.op('Conv', [x!, w!], { auto_pad: 'SAME_LOWER' }),
      b.op('Conv', [x!, w!], { auto_pad: 'VALID', strides: [2, 2] }),
    ],
  ],
  ['Conv over one axis', [f(1, 2, 7), f(3, 2, 3)], (b, [x, w]) => [b.op('Conv', [x!, w!])]],
  [
    'ConvTranspose',
    [f(1, 4, 5, 6), f(4, 3, 3, 2)],
    (b, [x, w]) => [
      b.op('ConvTranspose', [x!, w!], { strides: [2, 3], pads: [1, 0, 1, 1], output_padding: [1, 2], group: 2 }),
      b.op('ConvTranspose', [x!, w!], { dilations: [2, 1] }),
      b.op('ConvTranspose', [x!, w!], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
      b.op('ConvTranspose', [x!, w!], { strides: [2, 2], output_shape: [10, 12] }),
    ],
  ],
  [
    'FusedConv',
    [f(1, 2, 5, 5), f(3, 2, 3, 3)],
    (b, [x, w]) => [b.op('FusedConv', [x!, w!], { activation: 'Relu' }, ms)],
  ],
  [
    'ConvInteger',
    [u8(1, 2, 5, 5), u8(3, 2, 3, 3)],
    (b, [x, w]) => [b.op('ConvInteger', [x!, w!], { pads: [1, 1, 1, 1] })],
  ],
  ['Col2Im', [f(1, 8, 4)], (b, [x]) => [b.op('Col2Im', [x!, b.ints([3, 3]), b.ints([2, 2])])]],
  [
    'the blocked layout',
    [f(1, 32, 6, 6)],
    (b, [x]) => {
      const nchwc = { domain: 'com.microsoft.nchwc' };
      const blocked = b.op('ReorderInput', [x!], {}, nchwc);
      const pooled = b.op('MaxPool', [blocked], { kernel_shape: [2, 2], strides: [2, 2] }, nchwc);
      const w = b.constant(floatTensor(new Float32Array(16 * 32 * 9), [16, 32, 3, 3]));
      const conv = b.op('Conv', [pooled, w], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, nchwc);
      return [
        b.op('ReorderOutput', [conv], { channels: 16 }, nchwc),
        b.op('ReorderOutput', [pooled], { channels: 32 }, nchwc),
      ];
    },
  ],
];

const pooling: Case[] = [
  [
    'MaxPool with indices',
    [f(1, 2, 7, 7)],
    (b, [x]) => b.ops('MaxPool', [x!], 2, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ],
  [
    'pools that round up',
    [f(1, 2, 7, 6)],
    (b, [x]) => [
      b.op('MaxPool', [x!], { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }),
      b.op('AveragePool', [x!], { kernel_shape: [3, 3], strides: [3, 4], pads: [1, 1, 1, 1], ceil_mode: 1 }),
      b.op('MaxPool', [x!], { kernel_shape: [2, 2], dilations: [2, 2], strides: [2, 2] }),
    ],
  ],
  [
    'AveragePool with automatic pads',
    [f(1, 2, 7, 6)],
    (b, [x]) => [b.op('AveragePool', [x!], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' })],
  ],
  ['global pools', [f(1, 2, 7, 6)], (b, [x]) => [b.op('GlobalAveragePool', [x!]), b.op('GlobalMaxPool', [x!])]],
  [
    'MaxUnpool',
    [f(1, 1, 2, 2), i64([1, 1, 2, 2], (i) => i * 5)],
    (b, [x, i]) => [b.op('MaxUnpool', [x!, i!], { kernel_shape: [2, 2], strides: [2, 2] })],
  ],
];

const REDUCTIONS = ['Sum', 'Mean', 'Max', 'Min', 'Prod', 'L1', 'L2', 'SumSquare', 'LogSumExp'];
const reduction: Case[] = [
  ...REDUCTIONS.map(
    (name): Case => [
      `Reduce${name} by input`,
      [f(2, 3, 4)],
      (b, [x]) => [
        b.op(`Reduce${name}`, [x!, b.ints([-1, 0])], { keepdims: 0 }),
        b.op(`Reduce${name}`, [x!, b.ints([1])]),
        b.op(`Reduce${name}`, [x!], { keepdims: 0 }),
      ],
    ],
  ),
  ...REDUCTIONS.map(
    (name): Case => [
      `Reduce${name} by attribute`,
      [f(2, 3, 4)],
      (b, [x]) => [
        b.op(`Reduce${name}`, [x!], { axes: [1], keepdims: 0 }),
        b.op(`Reduce${name}`, [x!], { axes: [0, 2] }),
      ],
      12,
    ],
  ),
  [
    'a reduction over no axes',
    [f(2, 3)],
    (b, [x]) => [b.op('ReduceSum', [x!, b.ints([])], { noop_with_empty_axes: 1 })],
  ],
  [
    'ArgMax and ArgMin',
    [f(2, 3, 4)],
    (b, [x]) => [b.op('ArgMax', [x!], { axis: -1 }), b.op('ArgMin', [x!], { axis: 1, keepdims: 0 })],
  ],
  ['TopK', [f(2, 5)], (b, [x]) => b.ops('TopK', [x!, b.ints([3])], 2)],
];

const reshape: Case[] = [
  [
    'Reshape',
    [f(2, 3, 4)],
    (b, [x]) => [
      b.op('Reshape', [x!, b.ints([0, -1])]),
      b.op('Reshape', [x!, b.ints([-1, 6])]),
      b.op('Reshape', [x!, b.ints([4, 0, 2])]),
    ],
  ],
  ['Reshape of nothing', [f(0, 3)], (b, [x]) => [b.op('Reshape', [x!, b.ints([3, 0])], { allowzero: 1 })]],
  ['Flatten', [f(2, 3, 4)], (b, [x]) => [0, 1, -1, 3].map((axis) => b.op('Flatten', [x!], { axis }))],
  [
    'Squeeze and Unsqueeze',
    [f(1, 3, 1)],
    (b, [x]) => [b.op('Squeeze', [x!]), b.op('Squeeze', [x!, b.ints([-1])]), b.op('Unsqueeze', [x!, b.ints([0, -1])])],
  ],
  [
    'Squeeze and Unsqueeze by attribute',
    [f(1, 3, 1)],
    (b, [x]) => [
      b.op('Squeeze', [x!]),
      b.op('Squeeze', [x!], { axes: [0] }),
      b.op('Unsqueeze', [x!], { axes: [1, 4] }),
    ],
    11,
  ],
  ['Transpose', [f(2, 3, 4)], (b, [x]) => [b.op('Transpose', [x!]), b.op('Transpose', [x!], { perm: [2, 0, 1] })]],
  [
    'Expand and Tile',
    [f(3, 1)],
    (b, [x]) => [b.op('Expand', [x!, b.ints([2, 1, 4])]), b.op('Tile', [x!, b.ints([2, 3])])],
  ],
  ['Concat', [f(2, 3), f(2, 1)], (b, inputs) => [b.op('Concat', inputs, { axis: -1 })]],
  [
    'DepthToSpace and SpaceToDepth',
    [f(1, 8, 4, 6)],
    (b, [x]) => [b.op('DepthToSpace', [x!], { blocksize: 2 }), b.op('SpaceToDepth', [x!], { blocksize: 2 })],
  ],
  [
    'Shape and Size',
    [f(2, 3, 4)],
    (b, [x]) => [b.op('Shape', [x!]), b.op('Shape', [x!], { start: 1, end: -1 }), b.op('Size', [x!])],
  ],
  [
    'Resize',
    [f(1, 1, 5, 7)],
    (b, [x]) => [
      b.op('Resize', [x!, null, b.constant(floatTensor([1, 1, 1.5, 0.7], [4]))]),
      b.op('Resize', [x!, null, null, b.ints([1, 1, 3, 9])], { mode: 'linear' }),
      b.op('Resize', [x!, null, null, b.ints([3, 9])], { axes: [2, 3] }),
      b.op('Resize', [x!, null, null, b.ints([9, 9])], { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }),
    ],
  ],
];

const indexing: Case[] = [
  [
    'Gather',
    [f(4, 3), i64([2, 2], (i) => i % 3)],
    (b, [x, i]) => [b.op('Gather', [x!, i!]), b.op('Gather', [x!, i!], { axis: 1 })],
  ],
  ['GatherElements', [f(4, 3), i64([2, 3], (i) => i % 3)], (b, [x, i]) => [b.op('GatherElements', [x!, i!])]],
  [
    'GatherND',
    [f(2, 3, 4), i64([2, 1], () => 1)],
    (b, [x, i]) => [b.op('GatherND', [x!, i!]), b.op('GatherND', [x!, i!], { batch_dims: 1 })],
  ],
  [
    'ScatterElements and ScatterND',
    [f(4, 3), i64([2, 1], (i) => i), f(2, 1), f(2, 3)],
    (b, [x, i, u, v]) => [
      b.op('ScatterElements', [x!, i!, u!], { reduction: 'add' }),
      b.op('ScatterND', [x!, i!, v!], { reduction: 'add' }),
    ],
  ],
  [
    'Slice by input',
    [f(5, 6, 7)],
    (b, [x]) => [
      b.op('Slice', [x!, b.ints([1, -3]), b.ints([4, 2 ** 40]), b.ints([0, 2])]),
      b.op('Slice', [x!, b.ints([-1]), b.ints([-100]), b.ints([1]), b.ints([-2])]),
      b.op('Slice', [x!, b.ints([3]), b.ints([1])]),
    ],
  ],
  ['Slice by attribute', [f(5, 6)], (b, [x]) => [b.op('Slice', [x!], { starts: [1, 0], ends: [-1, 3] })], 9],
  [
    'Split',
    [f(7, 2)],
    (b, [x]) => [...b.ops('Split', [x!], 3, { num_outputs: 3 }), ...b.ops('Split', [x!, b.ints([1, 6])], 2)],
  ],
  [
    'Split by attribute',
    [f(6, 2)],
    (b, [x]) => [...b.ops('Split', [x!], 2), ...b.ops('Split', [x!], 2, { split: [1, 5] })],
    11,
  ],
  [
    'Pad',
    [f(2, 3)],
    (b, [x]) => [b.op('Pad', [x!, b.ints([0, 1, 2, 1])]), b.op('Pad', [x!, b.ints([1, 2]), null, b.ints([-1])])],
  ],
  ['Pad by attribute', [f(2, 3)], (b, [x]) => [b.op('Pad', [x!], { pads: [0, 1, 2, 1] })], 10],
  [
    'OneHot',
    [i64([2, 3], (i) => i)],
    (b, [x]) => [
      b.op('OneHot', [x!, b.ints([5]), b.constant(floatTensor([0, 1], [2]))]),
      b.op('OneHot', [x!, b.ints([5]), b.constant(floatTensor([0, 1], [2]))], { axis: 0 }),
    ],
  ],
];

const others: Case[] = [
  [
    'Range, ConstantOfShape, EyeLike',
    [f(3, 3)],
    (b, [x]) => [
      b.op('Range', [b.scalar(0), b.scalar(5), b.scalar(2)]),
      b.op('ConstantOfShape', [b.ints([2, 3])]),
      b.op('EyeLike', [x!], { dtype: 11 }),
    ],
  ],
  [
    'BatchNormalization in training',
    [f(2, 3, 4, 4), f(3)],
    (b, [x, v]) => b.ops('BatchNormalization', [x!, v!, v!, v!, v!], 3, { training_mode: 1 }),
  ],
  ['LayerNormalization', [f(2, 3, 4), f(3, 4)], (b, [x, v]) => b.ops('LayerNormalization', [x!, v!], 3, { axis: 1 })],
  [
    'other normalizations',
    [f(2, 4, 5, 5), f(4), f(2)],
    (b, [x, v, w]) => [
      b.op('InstanceNormalization', [x!, v!, v!]),
      b.op('GroupNormalization', [x!, w!, w!], { num_groups: 2 }),
      b.op('LRN', [x!], { size: 3 }),
    ],
  ],
  [
    'losses',
    [f(4, 3), i64([4], (i) => i % 3)],
    (b, [x, y]) => [
      ...b.ops('SoftmaxCrossEntropyLoss', [x!, y!], 2),
      b.op('SoftmaxCrossEntropyLoss', [x!, y!], { reduction: 'none' }),
      b.op('NegativeLogLikelihoodLoss', [x!, y!]),
    ],
  ],
  [
    'QuantizeLinear and back',
    [f(2, 3)],
    (b, [x]) => {
      const scale = b.scalar(0.1);
      const zero = b.constant({ dataType: 'int8', dims: [], bytes: Uint8Array.of(0) });
      const q = b.op('QuantizeLinear', [x!, scale, zero]);
      return [
        b.op('QuantizeLinear', [x!, scale]),
        q,
        b.op('DequantizeLinear', [q, scale, zero]),
        ...b.ops('DynamicQuantizeLinear', [x!], 3),
      ];
    },
  ],
  [
    'integers of an accumulator come back as floats',
    [i32([2, 3], (i) => i)],
    (b, [x]) => [b.op('DequantizeLinear', [x!, b.scalar(0.5)])],
  ],
  [
    'LSTM and GRU',
    [f(5, 2, 3), f(2, 16, 3), f(2, 16, 4), f(1, 12, 3), f(1, 12, 4)],
    (b, [x, w, r, gw, gr]) => [
      ...b.ops('LSTM', [x!, w!, r!], 3, { hidden_size: 4, direction: 'bidirectional' }),
      ...b.ops('GRU', [x!, gw!, gr!], 2, { hidden_size: 4 }),
    ],
  ],
];

describe('inferred shapes are those that onnxruntime computes', () => {
  const all: Record<string, Case[]> = {
    elementwise,
    linear,
    convolution,
    pooling,
    reduction,
    reshape,
    indexing,
    others,
  };
  for (const [family, cases] of Object.entries(all)) {
    for (const [name, inputs, build, opset] of cases) {
      test(`${family}: ${name}`, () => expectRealShapes(inputs, build, opset === undefined ? {} : { opset }));
    }
  }
});
