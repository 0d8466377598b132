import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/onnx/ir.js';
import { floatTensor } from '../../../src/onnx/tensor.js';
import { channelGroups } from '../../../src/prune/channels/index.js';
import { layers, zoo } from '../../network/support.js';
import { attention, expectExact, Net, widths } from './support.js';

const IMAGE = ['N', 3, 8, 8];

const GRAPHS: Readonly<Record<string, () => Model | Promise<Model>>> = {
  'a plain network of convolutions': () => {
    const n = new Net();
    const x = n.relu(n.norm('bn1', n.conv('conv1', n.input(IMAGE), 8)));
    const y = n.op('MaxPool', [n.relu(n.conv('conv2', x, 10))], { kernel_shape: [2, 2], strides: [2, 2] });
    return n.done(n.conv('conv3', y, 5, {}, 1));
  },
  'LeNet, flattened before its linear layers': () => zoo('lenet-cifar', {}, { inputShape: [3, 32, 32] }),
  'ResNet-8 with its residual connections': () => zoo('resnet8', {}, { inputShape: [3, 16, 16] }),
  'ResNet-20 whose shortcuts pad with channels of zeros': () =>
    zoo('resnet20', { shortcut: 'pad' }, { inputShape: [3, 16, 16] }),
  'linear layers stored either way': () => {
    const n = new Net();
    const x = n.relu(n.linear('fc1', n.input(['N', 6]), 9, false));
    return n.done(n.linear('fc3', n.op('Tanh', [n.linear('fc2', x, 7)]), 4, false));
  },
  'a Gemm that reads its input transposed': () => {
    const n = new Net();
    const x = n.relu(n.linear('fc1', n.input([3, 6]), 9));
    const turned = n.op('Transpose', [x], { perm: [1, 0] });
    const w = n.constant('fc2.weight', [9, 4]);
    return n.done(n.op('Gemm', [turned, w, n.constant('fc2.bias', [1, 4])], { transA: 1, alpha: 0.5, beta: 2 }));
  },
  'depthwise convolutions, one of them with a multiplier': () => {
    const n = new Net();
    const x = n.relu(n.norm('bn1', n.conv('point1', n.input(IMAGE), 8, {}, 1)));
    const y = n.relu(n.norm('bn2', n.conv('depth1', x, 8, { group: 8 })));
    const z = n.conv('depth2', n.conv('point2', y, 6, {}, 1), 12, { group: 6 });
    return n.done(n.conv('point3', z, 4, {}, 1));
  },
  'grouped convolutions': () => {
    const n = new Net();
    const x = n.relu(n.conv('conv1', n.input(IMAGE), 12));
    const y = n.relu(n.conv('grouped', x, 8, { group: 4 }));
    return n.done(n.conv('conv3', y, 4, {}, 1));
  },
  'branches that are concatenated': () => {
    const n = new Net();
    const x = n.relu(n.conv('stem', n.input(IMAGE), 6));
    const pooled = n.op('MaxPool', [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
    const branches = [n.conv('a', x, 4, {}, 1), n.conv('b', x, 6), n.conv('c', pooled, 5, {}, 1)];
    const y = n.norm('bn', n.op('Concat', branches, { axis: 1 }));
    return n.done(n.conv('head', n.relu(y), 4, {}, 1));
  },
  'a U-net with both ways to enlarge': () => {
    const n = new Net();
    const a = n.relu(n.conv('down1', n.input([1, 3, 8, 8]), 6));
    const b = n.relu(n.conv('down2', n.op('AveragePool', [a], { kernel_shape: [2, 2], strides: [2, 2] }), 8));
    const c = n.relu(n.conv('down3', n.op('MaxPool', [b], { kernel_shape: [2, 2], strides: [2, 2] }), 10));
    const up1 = n.op('Concat', [n.up('up1', c, 8), b], { axis: 1 });
    const mid = n.relu(n.conv('mid', up1, 7));
    const scales = n.b.initializer('scales', floatTensor([1, 1, 2, 2], [4]));
    const up2 = n.op('Resize', [mid, null, scales], { mode: 'nearest' });
    return n.done(n.conv('out', n.op('Concat', [up2, a], { axis: 1 }), 2));
  },
  'a Resize to sizes that name the channels': () => {
    const n = new Net();
    const x = n.conv('conv1', n.input([1, 3, 4, 4]), 6);
    const up = n.op('Resize', [x, null, null, n.b.ints([1, 6, 8, 8])], { mode: 'linear' });
    return n.done(n.conv('conv2', up, 2));
  },
  'a transposed convolution in groups, and one channel by channel': () => {
    const n = new Net();
    const x = n.relu(n.conv('conv1', n.input([1, 3, 4, 4]), 8));
    const y = n.relu(n.up('grouped', x, 6, 2));
    const z = n.relu(n.up('depthwise', y, 12, 6));
    return n.done(n.conv('conv2', z, 2, {}, 1));
  },
  'the hidden layer of a transformer block': () => {
    const n = new Net(20);
    const x = n.input(['N', 5, 8]);
    const hidden = n.op('Add', [n.matMul('up', x, 16), n.constant('up.bias', [16])]);
    const y = n.op('Add', [n.constant('down.bias', [8]), n.matMul('down', n.op('Gelu', [hidden]), 8)]);
    return n.done(n.op('Add', [x, y]));
  },
  'GELU written out': () => {
    const n = new Net();
    const h = n.op('Add', [n.matMul('up', n.input(['N', 8]), 12), n.constant('up.bias', [12])]);
    const erf = n.op('Erf', [n.op('Div', [h, n.b.scalar(Math.SQRT2)])]);
    const gelu = n.op('Mul', [n.op('Mul', [h, n.op('Add', [erf, n.b.scalar(1)])]), n.b.scalar(0.5)]);
    return n.done(n.matMul('down', gelu, 3));
  },
  'a gated layer, split in two and multiplied': () => {
    const n = new Net();
    const [a, b] = n.b.ops('Split', [n.linear('fc1', n.input(['N', 6]), 12)], 2, { axis: 1, num_outputs: 2 });
    return n.done(n.linear('fc2', n.op('Mul', [a!, n.op('Sigmoid', [b!])]), 4));
  },
  'a Split into unequal parts': () => {
    const n = new Net();
    const x = n.conv('conv1', n.input(IMAGE), 10);
    const [a, b] = n.b.ops('Split', [x, n.b.ints([4, 6])], 2, { axis: 1 });
    const y = n.op('Add', [n.conv('conv2', a!, 5), n.conv('conv3', n.relu(b!), 5)]);
    return n.done(n.conv('conv4', y, 3));
  },
  'a Slice of the channels beside all of them': () => {
    const n = new Net();
    const x = n.conv('conv1', n.input(IMAGE), 10);
    const part = n.op('Slice', [x, n.b.ints([-7]), n.b.ints([-1]), n.b.ints([1])]);
    const y = n.op('Add', [n.conv('conv2', part, 5), n.conv('conv3', x, 5)]);
    return n.done(n.conv('conv4', n.relu(y), 3));
  },
  'a squeeze-and-excitation block': () => {
    const n = new Net();
    const x = n.relu(n.conv('conv1', n.input(IMAGE), 8));
    const squeezed = n.relu(n.conv('se1', n.op('GlobalAveragePool', [x]), 4, {}, 1));
    const gate = n.op('HardSigmoid', [n.conv('se2', squeezed, 8, {}, 1)]);
    return n.done(n.conv('conv2', n.op('Mul', [x, gate]), 3));
  },
  'constants for each channel, a border and other normalizations': () => {
    const n = new Net();
    const x = n.op('Mul', [n.conv('conv1', n.input(IMAGE), 8), n.constant('scale', [8, 1, 1])]);
    const y = n.op('PRelu', [n.op('Sub', [x, n.constant('shift', [1, 8, 1, 1])]), n.constant('slope', [8, 1, 1])]);
    const z = n.op('InstanceNormalization', [y, n.constant('in.scale', [8]), n.constant('in.bias', [8])]);
    const padded = n.op('Pad', [z, n.b.ints([0, 0, 1, 1, 0, 0, 1, 1])]);
    return n.done(n.conv('conv2', n.op('Clip', [padded, n.b.scalar(-1), n.b.scalar(1)]), 3));
  },
  'a Reshape that names the features': () => {
    const n = new Net();
    const x = n.relu(n.conv('conv1', n.input(['N', 3, 4, 4]), 6));
    return n.done(n.linear('fc', n.op('Reshape', [x, n.b.ints([-1, 96])]), 4));
  },
  'a Reshape that reads the batch from the graph': () => {
    const n = new Net();
    const x = n.relu(n.conv('conv1', n.input(['N', 3, 4, 4]), 6));
    const batch = n.op('Unsqueeze', [n.op('Gather', [n.op('Shape', [x]), n.b.constant(zero())]), n.b.ints([0])]);
    const flat = n.op('Reshape', [x, n.op('Concat', [batch, n.b.ints([-1])], { axis: 0 })]);
    return n.done(n.linear('fc', flat, 4));
  },
  'a Reshape that reads the batch from the graph and names the features': () => {
    const n = new Net();
    const x = n.relu(n.conv('conv1', n.input(['N', 3, 4, 4]), 6));
    const batch = n.op('Unsqueeze', [n.op('Gather', [n.op('Shape', [x]), n.b.constant(zero())]), n.b.ints([0])]);
    const flat = n.op('Reshape', [x, n.op('Concat', [batch, n.b.ints([96])], { axis: 0 })]);
    return n.done(n.linear('fc', flat, 4));
  },
  'features that become an image': () => {
    const n = new Net();
    const x = n.op('Reshape', [n.relu(n.linear('fc', n.input(['N', 5]), 96)), n.b.ints([-1, 6, 4, 4])]);
    return n.done(n.up('up', n.relu(n.norm('bn', x)), 2));
  },
  'attention with several heads': attention,
  'channels that end up last, and means over the places': () => {
    const n = new Net();
    const x = n.op('Transpose', [n.relu(n.conv('conv1', n.input(IMAGE), 6))], { perm: [0, 2, 3, 1] });
    const tokens = n.op('Reshape', [x, n.b.ints([0, -1, 6])]);
    const mixed = n.op('Add', [n.matMul('mix', tokens, 7), n.constant('mix.bias', [7])]);
    return n.done(n.matMul('head', n.op('ReduceMean', [mixed, n.b.ints([1])], { keepdims: 0 }), 3));
  },
  'a weight that two layers share': () => {
    const n = new Net();
    const x = n.input(['N', 6]);
    const w = n.constant('shared', [6, 9]);
    const y = n.op('Sub', [n.op('MatMul', [x, w]), n.op('Tanh', [n.op('MatMul', [n.op('Neg', [x]), w])])]);
    return n.done(n.linear('fc', y, 3));
  },
  'a weight on the left': () => {
    const n = new Net();
    const x = n.op('MatMul', [n.constant('mixing', [9, 6]), n.input(['N', 6, 4])]);
    return n.done(n.op('MatMul', [n.constant('head', [3, 9]), n.relu(x)]));
  },
  'squeezed and unsqueezed sequences': () => {
    const n = new Net();
    const x = n.op('Unsqueeze', [n.input(['N', 3, 10]), n.b.ints([2])]);
    const w = n.constant('conv1.weight', [6, 3, 1, 3]);
    const y = n.op('Squeeze', [n.op('Conv', [x, w]), n.b.ints([2])]);
    return n.done(n.op('Conv', [n.op('Softplus', [y]), n.constant('conv2.weight', [4, 6, 3])]));
  },
  'operators in the form of operator set 9, with attributes instead of inputs': () => {
    const n = new Net(9);
    const x = n.conv('conv1', n.input([2, 3, 4, 4]), 10);
    const [a, b] = n.b.ops('Split', [n.op('Pad', [x], { pads: [0, 0, 1, 1, 0, 0, 1, 1] })], 2, {
      axis: 1,
      split: [4, 6],
    });
    const part = n.op('Slice', [b!], { starts: [1], ends: [5], axes: [1] });
    const up = n.op('Upsample', [n.op('Mul', [a!, part]), n.b.initializer('scales', floatTensor([1, 1, 2, 2], [4]))]);
    const mean = n.op('ReduceMean', [n.conv('conv2', up, 8)], { axes: [3], keepdims: 0 });
    const y = n.op('Squeeze', [n.op('ReduceMax', [mean], { axes: [2] })], { axes: [2] });
    return n.done(n.linear('fc', n.op('Flatten', [n.op('Unsqueeze', [y], { axes: [2] })]), 3));
  },
  'the digits network built from a layer list': () =>
    layers(
      [
        { conv: { filters: 8, kernel: 3, pad: 'same' } },
        'batchnorm',
        'relu',
        { maxpool: 2 },
        { linear: 12 },
        'relu',
        { linear: 10 },
      ],
      {
        inputShape: [1, 8, 8],
      },
    ),
};

describe('removing channels that nothing listens to changes no output of', () => {
  it.each(Object.keys(GRAPHS))('%s', async (name) => {
    const model = await GRAPHS[name]!();
    for (const seed of ['a', 'b', 'c']) await expectExact(model, seed);
  });
});

describe('channels of zeros', () => {
  it('can be removed between two computed matrices', async () => {
    const n = new Net();
    const x = n.input(['N', 5, 8]);
    const [q, k] = [n.matMul('query', x, 6), n.matMul('key', x, 6)];
    const scores = n.op('Softmax', [n.op('MatMul', [q, n.op('Transpose', [k], { perm: [0, 2, 1] })])], { axis: 2 });
    const model = n.done(n.matMul('out', n.op('MatMul', [scores, n.matMul('value', x, 7)]), 8));
    expect(channelGroups(model).groups.map(({ layers }) => layers)).toEqual([
      ['query.weight', 'key.weight'],
      ['value.weight'],
    ]);
    await expectExact(model, 'a', { zeroes: 'all' });
  });

  it('can be removed from weights behind Identity and Transpose', async () => {
    const n = new Net();
    const x = n.op('MatMul', [n.input(['N', 6]), n.op('Identity', [n.constant('fc1.weight', [6, 9])])]);
    const turned = n.op('Transpose', [n.constant('fc2.weight', [3, 9])], { perm: [1, 0] });
    const model = n.done(n.op('MatMul', [n.relu(x), turned]));
    const smaller = await expectExact(model, 'a', { zeroes: 'all' });
    expect(widths(model, smaller)).toEqual({ 'fc1.weight': '9 → 7' });
  });
});

function zero() {
  return { dataType: 'int64' as const, dims: [], bytes: new Uint8Array(8) };
}
