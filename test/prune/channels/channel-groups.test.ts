import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/onnx/builder.js';
import { channelGroups } from '../../../src/prune/channels/index.js';
import { zoo } from '../../network/support.js';
import { blobNetwork } from '../../support/blobs.js';
import { attention, Net } from './support.js';

/** Layers and number of channels of each group. */
function groupsOf(model: Parameters<typeof channelGroups>[0]) {
  return channelGroups(model).groups.map(({ layers, sets }) => `${layers.join(' + ')}: ${sets.length}`);
}

describe('channel groups', () => {
  it('a layer between two others is a group of its own', () => {
    expect(groupsOf(blobNetwork())).toEqual(['fc1.weight: 16']);
  });

  it('a residual add puts both branches into one group', async () => {
    const model = await zoo('resnet8', {}, { inputShape: [3, 16, 16] });
    const names = channelGroups(model).groups.map(({ layers }) => layers.length);
    // Three stages of one block: what goes round the block has two or three layers, what is inside has one.
    expect(names.sort()).toEqual([1, 1, 1, 2, 2, 2]);
    expect(channelGroups(model).layers.filter(({ reason }) => reason !== null)).toMatchObject([{ opType: 'Gemm' }]);
  });

  it('a depthwise convolution goes with the channels that it reads', () => {
    const n = new Net();
    const x = n.conv('depth', n.conv('point', n.input(['N', 3, 8, 8]), 6, {}, 1), 12, { group: 6 });
    expect(groupsOf(n.done(n.conv('out', x, 2)))).toEqual(['point.weight + depth.weight: 6']);
  });

  it('groups of a convolution lose the channels at the same places', () => {
    const n = new Net();
    const x = n.conv('grouped', n.conv('stem', n.input(['N', 3, 8, 8]), 8), 12, { group: 4 });
    expect(groupsOf(n.done(n.conv('out', x, 2)))).toEqual(['stem.weight: 2', 'grouped.weight: 3']);
  });

  it('a head of attention is one channel, of all three layers', () => {
    expect(groupsOf(attention())).toEqual(['query.weight + key.weight + value.weight: 3']);
  });

  it('a layer that is added to a concatenation has a group for each part', () => {
    const n = new Net();
    const x = n.input(['N', 3, 8, 8]);
    const joined = n.op('Concat', [n.conv('a', x, 4), n.conv('b', x, 6)], { axis: 1 });
    expect(groupsOf(n.done(n.conv('out', n.op('Add', [joined, n.conv('c', x, 10)]), 2)))).toEqual([
      'a.weight + c.weight: 4',
      'b.weight + c.weight: 6',
    ]);
  });

  it('both halves of a Split are groups of their own, so that neither is emptied', () => {
    const n = new Net();
    const [a, b] = n.b.ops('Split', [n.conv('stem', n.input(['N', 3, 8, 8]), 10), n.b.ints([4, 6])], 2, { axis: 1 });
    const y = n.op('Add', [n.conv('left', a!, 3), n.conv('right', b!, 3)]);
    expect(groupsOf(n.done(n.conv('out', y, 2)))).toEqual([
      'stem.weight: 4',
      'stem.weight: 6',
      'left.weight + right.weight: 3',
    ]);
  });

  it('channels that are frozen stay beside others of the same layer that are not', () => {
    const n = new Net();
    const x = n.conv('stem', n.input(['N', 3, 8, 8]), 10);
    const part = n.op('Slice', [x, n.b.ints([0]), n.b.ints([4]), n.b.ints([1])]);
    n.b.output(part, 'part');
    expect(groupsOf(n.done(n.conv('out', x, 2)))).toEqual(['stem.weight: 6']);
  });
});

/** Why "layer" keeps its channels when its output, [2, 6, 8, 8], goes through these operators into another convolution. */
function reasonBehind(through: (n: Net, x: Value) => Value, opset?: number): string | null {
  const n = new Net(opset);
  const x = n.conv('layer', n.input([2, 3, 8, 8]), 6);
  n.b.output(n.op('GlobalAveragePool', [n.conv('next', through(n, x), 2)]), 'out');
  return channelGroups(n.b.build()).layers.find(({ name }) => name === 'layer.weight')!.reason;
}

describe('a layer keeps its channels, with the reason in words, where', () => {
  it.each<[string, (n: Net, x: Value) => Value, string]>([
    [
      'Softmax goes over them',
      (n, x) => n.op('Softmax', [x], { axis: 1 }),
      'Softmax "softmax" computes over all of them together',
    ],
    [
      'they are normalized together',
      (n, x) => n.op('LayerNormalization', [x, n.constant('ln.scale', [6, 8, 8])], { axis: 1 }),
      'LayerNormalization "layernormalization" computes over all of them together',
    ],
    [
      'LRN looks at neighbours',
      (n, x) => n.op('LRN', [x], { size: 3 }),
      'LRN "lrn" computes over all of them together',
    ],
    [
      'they become places',
      (n, x) => n.op('DepthToSpace', [n.op('Concat', [x, x], { axis: 1 })], { blocksize: 2 }),
      'DepthToSpace "depthtospace" computes over all of them together',
    ],
    [
      'a mean goes over them',
      (n, x) => n.op('Mul', [n.op('ReduceMean', [x, n.b.ints([1])]), n.conv('other', n.b.value('x'), 4)]),
      'ReduceMean "reducemean" computes over all of them together',
    ],
    [
      'the largest is looked for',
      (n, x) => joined(n, x, n.op('Cast', [n.op('ArgMax', [x], { axis: 1 })], { to: 1 })),
      'ArgMax "argmax" computes over all of them together',
    ],
    [
      'they are added to the input',
      (n, x) => n.op('Add', [n.op('Concat', [n.b.value('x'), n.b.value('x')], { axis: 1 }), x]),
      'they are tied to the input "x" of the model',
    ],
    [
      'a Reshape mixes them with places',
      (n, x) => n.op('Reshape', [n.op('Reshape', [x, n.b.ints([2, 8, 6, 8])]), n.b.ints([2, 6, 8, 8])]),
      'Reshape "reshape" splits and mixes their axis',
    ],
    [
      'a border mirrors them',
      (n, x) => n.op('Pad', [x, n.b.ints([0, 1, 0, 0, 0, 0, 0, 0])], { mode: 'reflect' }),
      'Pad "pad" changes the length of their axis',
    ],
    [
      'every second one is taken',
      (n, x) => n.op('Slice', [x, n.b.ints([0]), n.b.ints([6]), n.b.ints([1]), n.b.ints([2])]),
      'Slice "slice" takes only some of them, in steps of 2',
    ],
    [
      'some are picked by number',
      (n, x) => n.op('Gather', [x, n.b.ints([4, 1])], { axis: 1 }),
      'Gather "gather" picks some of them by number',
    ],
    [
      'their places in memory are counted',
      (n, x) => joined(n, x, n.op('Cast', [n.b.ops('MaxPool', [x], 2, { kernel_shape: [1, 1] })[1]!], { to: 1 })),
      'MaxPool "maxpool" gives out indices, which count through all channels',
    ],
    [
      'another convolution slides over them',
      (n, x) =>
        n.op('Transpose', [n.conv('slides', n.op('Transpose', [x], { perm: [0, 2, 1, 3] }), 4)], {
          perm: [0, 2, 1, 3],
        }),
      'Conv "slides" slides over them',
    ],
    [
      'their number is reckoned with',
      (n, x) =>
        n.op('Mul', [
          x,
          n.op('Cast', [n.op('Mul', [n.op('Gather', [n.op('Shape', [x]), n.b.ints([1])]), n.b.ints([2])])], { to: 1 }),
        ]),
      'Mul "mul" reckons with their number',
    ],
    [
      'a computed shape names their number',
      (n, x) => {
        const width = n.op('Slice', [n.op('Shape', [x]), n.b.ints([3]), n.b.ints([4])]);
        return n.op('Reshape', [x, n.op('Concat', [n.b.ints([2, 6]), width, n.b.ints([8])], { axis: 0 })]);
      },
      'they are named by number in a shape that Reshape "reshape" computes',
    ],
    [
      'nobody knows the operator',
      (n, x) => n.op('CumSum', [x, n.b.ints([1])]),
      'CumSum "cumsum" reads them, and Lathe does not know how',
    ],
    [
      'numbers are quantized',
      (n, x) => {
        const scale = n.b.scalar(0.1);
        return n.op('DequantizeLinear', [n.op('QuantizeLinear', [x, scale]), scale]);
      },
      'QuantizeLinear "quantizelinear" makes the model a quantized one: remove channels before quantizing',
    ],
    [
      'an axis goes that is not named',
      (n, x) => n.op('Unsqueeze', [n.op('Squeeze', [n.op('MaxPool', [x], { kernel_shape: [8, 1] })]), n.b.ints([2])]),
      'Squeeze "squeeze" does not say which axes',
    ],
  ])('%s', (_, through, reason) => {
    expect(reasonBehind(through)).toBe(reason);
  });

  it('it makes an output', () => {
    expect(channelGroups(blobNetwork()).layers.map(({ reason }) => reason)).toEqual([
      null,
      'they are tied to the output "logits" of the model',
    ]);
  });

  it('a graph inside a node reads it', () => {
    const n = new Net();
    const x = n.conv('layer', n.input(['N', 3, 8, 8]), 6);
    const branch = (opType: string) => ({
      type: 'graph' as const,
      value: {
        name: opType,
        nodes: [{ name: '', opType, domain: '', inputs: [x.name], outputs: [`${opType}.out`], attributes: new Map() }],
        inputs: [],
        outputs: [{ name: `${opType}.out`, dataType: 'float32' as const, shape: null }],
        initializers: new Map(),
        valueInfo: new Map(),
      },
    });
    const condition = n.b.constant({ dataType: 'bool', dims: [], bytes: Uint8Array.of(1) });
    const y = n.op('If', [condition], { then_branch: branch('Relu'), else_branch: branch('Tanh') });
    n.b.output(
      n.op('Concat', [n.conv('next', x, 2), n.op('Conv', [y, n.constant('w', [2, 6, 3, 3])], { pads: [1, 1, 1, 1] })], {
        axis: 1,
      }),
      'y',
    );
    expect(channelGroups(n.b.build()).layers[0]).toMatchObject({ reason: 'If "if" holds a graph of its own' });
  });

  it('there is only one', () => {
    expect(reasonOfWidth(1)).toBe('there is only one');
  });

  it('a constant of a packed type is added', () => {
    const n = new Net(21);
    const x = n.conv('layer', n.input(['N', 3, 8, 8]), 6);
    const packed = n.b.initializer('packed', { dataType: 'int4', dims: [6, 1, 1], bytes: new Uint8Array(3) });
    n.b.output(n.conv('next', n.op('Add', [x, n.op('Cast', [packed], { to: 1 })]), 2), 'y');
    expect(channelGroups(n.b.build()).layers[0]!.reason).toBe(
      'they are tied to the constant "packed", whose type is int4',
    );
  });
});

describe('a layer whose weight is no float32', () => {
  it('keeps its channels, and those that are tied to it', () => {
    const model = blobNetwork();
    const weight = model.graph.initializers.get('fc1.weight')!;
    model.graph.initializers.set('fc1.weight', {
      dataType: 'float64',
      dims: weight.dims,
      bytes: new Uint8Array(2 * weight.bytes.length),
    });
    expect(channelGroups(model).layers[0]!.reason).toBe(
      '"fc1.weight" is float64, and only float32 weights can be ranked',
    );
  });
});

function reasonOfWidth(width: number): string | null {
  const n = new Net();
  n.b.output(n.linear('fc2', n.linear('fc1', n.input(['N', 4]), width), 3), 'y');
  return channelGroups(n.b.build()).layers[0]!.reason;
}

function joined(n: Net, x: Value, y: Value): Value {
  return n.op('Concat', [x, y], { axis: 1 });
}
