import { describe, expect, it } from 'vitest';
import { cloneModel, type Model } from '../../../src/onnx/ir.js';
import { intsOf } from '../../../src/onnx/tensor.js';
import { channelGroups, removeChannels } from '../../../src/prune/channels/index.js';
import { Net } from './support.js';

/** Without the first channel of every group. */
function narrowed(model: Model): Model {
  const groups = channelGroups(model);
  return removeChannels(model, groups, new Set(groups.groups.map(({ sets }) => sets[0]!)));
}

const operators = ({ graph }: Model) => graph.nodes.map(({ opType }) => opType);

describe('removeChannels', () => {
  it('gives a copy, and leaves the model as it was', () => {
    const n = new Net();
    const model = n.done(n.linear('fc2', n.relu(n.linear('fc1', n.input(['N', 4]), 3)), 2));
    const before = cloneModel(model);
    expect(narrowed(model).graph.initializers.get('fc1.weight')!.dims).toEqual([2, 4]);
    expect(model).toEqual(before);
  });

  it('writes a constant for a shape that named the features beside the batch, and drops what computed it', () => {
    const n = new Net();
    const x = n.conv('conv1', n.input(['N', 3, 4, 4]), 6);
    const batch = n.op('Slice', [n.op('Shape', [x]), n.b.ints([0]), n.b.ints([1])]);
    const flat = n.op('Reshape', [x, n.op('Concat', [batch, n.b.ints([96])], { axis: 0 })]);
    const model = n.done(n.linear('fc', flat, 4));
    const smaller = narrowed(model);
    expect(operators(model)).toEqual(['Conv', 'Shape', 'Slice', 'Concat', 'Reshape', 'Gemm', 'Identity']);
    expect(operators(smaller)).toEqual(['Conv', 'Reshape', 'Gemm', 'Identity']);
    const shape = smaller.graph.nodes.find(({ opType }) => opType === 'Reshape')!.inputs[1]!;
    expect(intsOf(smaller.graph.initializers.get(shape)!)).toEqual([0, 80]);
    const read = new Set(smaller.graph.nodes.flatMap(({ inputs }) => inputs));
    expect([...smaller.graph.initializers.keys()].filter((name) => !read.has(name))).toEqual([]);
  });

  it('gives each node a constant of its own where two that share one lose different channels', () => {
    const n = new Net();
    const x = n.input(['N', 3, 4, 4]);
    const shape = n.b.ints([-1, 96]);
    const [a, b] = ['a', 'b'].map((name) => n.op('Reshape', [n.conv(name, x, 6), shape]));
    // What b gives is an output as well, so that only a can lose channels.
    n.b.output(b!, 'features');
    const model = n.done(n.op('Add', [n.linear('fc.a', a!, 4), n.linear('fc.b', b!, 4)]));
    const smaller = narrowed(model);
    const shapes = smaller.graph.nodes
      .filter(({ opType }) => opType === 'Reshape')
      .map(({ inputs }) => intsOf(smaller.graph.initializers.get(inputs[1]!)!));
    expect(shapes).toEqual([
      [-1, 80],
      [-1, 96],
    ]);
  });

  it('keeps an input, an output and a constant that nothing reads as they are', () => {
    const n = new Net();
    n.constant('unread', [5]);
    const model = n.done(n.linear('fc2', n.linear('fc1', n.input(['N', 4]), 3), 2));
    const smaller = narrowed(model);
    expect(smaller.graph.inputs).toEqual(model.graph.inputs);
    expect(smaller.graph.outputs).toEqual(model.graph.outputs);
    expect(smaller.graph.initializers.get('unread')).toEqual(model.graph.initializers.get('unread'));
  });
});
