import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/onnx/ir.js';
import { readModel } from '../../../src/onnx/read.js';
import { sizeOf } from '../../../src/onnx/tensor.js';
import { channelGroups, chooseChannels, removeChannels } from '../../../src/prune/channels/index.js';
import { IMPORTED } from '../../support/imported-networks.js';
import { expectExact } from './support.js';

/** Why layers keep their channels: those that give the outputs. */
const FROZEN: Readonly<Record<keyof typeof IMPORTED, readonly string[]>> = {
  direction: ['Softmax "p2o.Softmax.0" computes over all of them together'],
  text: ['they are tied to the output "sigmoid_0.tmp_0" of the model'],
  face: [
    'Reshape "StatefulPartitionedCall/functional_1/tf_op_layer_regressors_2/regressors_2" splits and mixes their axis',
    'they are tied to the output "Identity_1:0" of the model',
    'Reshape "StatefulPartitionedCall/functional_1/tf_op_layer_regressors_1/regressors_1" splits and mixes their axis',
    'they are tied to the output "Identity:0" of the model',
  ],
  lines: [],
  speech: ['they are tied to the output "conv2d_19" of the model'],
};

describe.each([
  { name: 'direction', dims: [2, 3, 48, 192], left: 0.33 },
  { name: 'text', dims: [2, 3, 64, 64], left: 0.27 },
  { name: 'face', dims: [1, 128, 128, 3], left: 0.32 },
  { name: 'lines', dims: [1, 320, 320, 4], left: 0.27 },
  { name: 'speech', dims: [2, 76, 32, 1], left: 0.28 },
] as const)('the imported network $name', ({ name, dims, left }) => {
  it('loses channels that nothing listens to without a change of its outputs', { timeout: 60_000 }, async () => {
    // M-LSD looks for places that equal the maximum around them: 128,000 numbers, some of which the last bit makes 0.
    await expectExact(await readModel(IMPORTED[name]), name, { dims, mayJump: name === 'lines' ? 100 : 0 });
  });

  it('keeps little more than a quarter of its weights with half of its channels', { timeout: 60_000 }, async () => {
    const model = await readModel(IMPORTED[name]);
    const groups = channelGroups(model);
    expect(groups.layers.flatMap(({ reason }) => reason ?? [])).toEqual(FROZEN[name]);
    const request = { groups: groups.groups, keep: 0.5, scope: 'layer', importance: 'l2', roundTo: 1 } as const;
    const smaller = removeChannels(model, groups, chooseChannels(model, groups, request));
    expect(weights(smaller) / weights(model)).toBeLessThan(left);
    expect(weights(smaller) / weights(model)).toBeGreaterThan(0.25);
  });
});

function weights(model: Model): number {
  return [...model.graph.initializers.values()].reduce((sum, { dims }) => sum + sizeOf(dims), 0);
}
