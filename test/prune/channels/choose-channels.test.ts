import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/onnx/ir.js';
import { floatsOf, floatTensor } from '../../../src/onnx/tensor.js';
import {
  channelGroups,
  channelImportance,
  chooseChannels,
  type Importance,
  removeChannels,
} from '../../../src/prune/channels/index.js';
import type { Scope } from '../../../src/prune/magnitude-masks.js';
import { blobNetwork } from '../../support/blobs.js';
import { Net } from './support.js';

interface Request {
  readonly keep: number;
  readonly scope?: Scope;
  readonly importance?: Importance;
  readonly roundTo?: number;
}

function pruned(model: Model, request: Request): Model {
  const groups = channelGroups(model);
  const complete = { scope: 'layer', importance: 'l2', roundTo: 1, groups: groups.groups, ...request } as const;
  return removeChannels(model, groups, chooseChannels(model, groups, complete));
}

function rows(model: Model, name: string): number {
  return model.graph.initializers.get(name)!.dims[0]!;
}

/** x [N, 1] → fc1 → fc2 → fc3, whose first two weights are these columns. */
function columns(first: readonly number[], second: readonly number[]): Model {
  const n = new Net();
  const x = n.input(['N', 1]);
  const model = n.done(n.linear('fc3', n.linear('fc2', n.linear('fc1', x, first.length), second.length), 2));
  model.graph.initializers.set('fc1.weight', floatTensor(first, [first.length, 1]));
  // Each row the same number, so that its norm is that number times √n.
  const weights = second.flatMap((value) => first.map(() => value));
  model.graph.initializers.set('fc2.weight', floatTensor(weights, [second.length, first.length]));
  return model;
}

describe('chooseChannels', () => {
  it('keeps the channels with the largest norms, in their order', () => {
    const model = pruned(columns([3, -1, 2, -4], [1, 1]), { keep: 0.5 });
    expect([...floatsOf(model.graph.initializers.get('fc1.weight')!)]).toEqual([3, -4]);
  });

  it.each([
    [0.01, 1],
    [0.25, 4],
    [0.26, 5],
    [0.5, 8],
    [3, 3],
    [1, 16],
  ])('keep: %d of 16 channels leaves %d', (keep, left) => {
    expect(rows(pruned(blobNetwork(16), { keep }), 'fc1.weight')).toBe(left);
  });

  it('rounds up to a multiple, as far as there are so many', () => {
    expect(rows(pruned(blobNetwork(16), { keep: 0.3, roundTo: 8 }), 'fc1.weight')).toBe(8);
    expect(rows(pruned(blobNetwork(6), { keep: 0.3, roundTo: 8 }), 'fc1.weight')).toBe(6);
  });

  it('lets the one further back stay of two that are equal', () => {
    const model = columns([1, -2, 1, 1], [1, 1]);
    model.graph.initializers.set('fc1.bias', floatTensor([10, 11, 12, 13], [4]));
    const bias = pruned(model, { keep: 0.5 }).graph.initializers.get('fc1.bias')!;
    expect([...floatsOf(bias)]).toEqual([11, 13]);
  });

  it('lets channels of all layers compete by how they compare with the mean of their own layer', () => {
    // Means 2 and 200: only 0.5, 1.5 and 300/200 = 1.5, 100/200 = 0.5 compare, not 100 with 3.
    const model = pruned(columns([1, 3, 2.5, 1.5], [100, 300]), { keep: 3, scope: 'global' });
    expect([...floatsOf(model.graph.initializers.get('fc1.weight')!)]).toEqual([3, 2.5]);
    expect(rows(model, 'fc2.weight')).toBe(1);
  });

  it('leaves every layer a channel in scope global, within the number', () => {
    const model = pruned(columns([1, 1, 1, 1, 1, 1], [0, 0, 0]), { keep: 2, scope: 'global' });
    expect([rows(model, 'fc1.weight'), rows(model, 'fc2.weight')]).toEqual([1, 1]);
  });

  it.each<[string, Request, string]>([
    [
      'more channels than the largest layer has',
      { keep: 5 },
      'keep: 5 is more than the 4 channels that any selected layer can spare from. Nothing would be removed: give a smaller number, or a share between 0 and 1.',
    ],
    [
      'more channels than all layers have',
      { keep: 7, scope: 'global' },
      'keep: 7 is more than the 6 channels that the selected layers can spare together. Nothing would be removed: give a smaller number, or a share between 0 and 1.',
    ],
    [
      'fewer channels than layers',
      { keep: 0.1, scope: 'global' },
      'Keeping 1 channels of 2 groups of tied layers would leave layers without any. Raise keep to at least one channel a group, or exclude layers with select.',
    ],
  ])('refuses %s', (_, request, message) => {
    expect(() => pruned(columns([1, 2, 3, 4], [1, 2]), request)).toThrow(message);
  });
});

describe('channelImportance', () => {
  function importance(model: Model, how: Importance): number[] {
    const groups = channelGroups(model);
    return channelImportance(model, groups, groups.groups[0]!, how);
  }

  it('is the norm of what makes a channel, over the mean of the layer', () => {
    const n = new Net();
    const model = n.done(n.linear('fc2', n.linear('fc1', n.input(['N', 2]), 2), 2));
    model.graph.initializers.set('fc1.weight', floatTensor([3, -4, 0, 5], [2, 2]));
    expect(importance(model, 'l2')).toEqual([1, 1]);
    expect(importance(model, 'l1')).toEqual([7 / 6, 5 / 6]);
  });

  it('is averaged over the layers that are tied, each by its own mean', () => {
    const n = new Net();
    const x = n.input(['N', 1]);
    const model = n.done(n.linear('out', n.op('Add', [n.linear('a', x, 2), n.linear('b', x, 2)]), 2));
    model.graph.initializers.set('a.weight', floatTensor([1, 3], [2, 1]));
    model.graph.initializers.set('b.weight', floatTensor([300, 100], [2, 1]));
    expect(importance(model, 'l2')).toEqual([1, 1]);
    model.graph.initializers.set('b.weight', floatTensor([100, 100], [2, 1]));
    expect(importance(model, 'l2')).toEqual([0.75, 1.25]);
  });

  it('is |gamma| of the normalization behind the layer, if that is asked for', () => {
    const n = new Net();
    const x = n.norm('bn', n.conv('conv1', n.input(['N', 3, 4, 4]), 4));
    const model = n.done(n.conv('conv2', x, 2));
    model.graph.initializers.set('bn.scale', floatTensor([-3, 1, 2, -2], [4]));
    expect(importance(model, 'batchnorm')).toEqual([1.5, 0.5, 1, 1]);
  });

  it('refuses batchnorm for a layer without one', () => {
    expect(() => importance(blobNetwork(), 'batchnorm')).toThrow(
      'importance: batchnorm ranks channels by a BatchNormalization, and "fc1.weight" has none behind it. Exclude it with select, or use importance: l2.',
    );
  });

  it('refuses weights that are no numbers', () => {
    const model = blobNetwork(2);
    model.graph.initializers.set('fc1.weight', floatTensor([1, Number.NaN, 1, 1], [2, 2]));
    expect(() => importance(model, 'l2')).toThrow('The weights of "fc1.weight" hold NaN or infinity.');
  });
});
