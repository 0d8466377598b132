import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/onnx/ir.js';
import type { Select } from '../../../src/onnx/select.js';
import { channelGroups, selectChannels } from '../../../src/prune/channels/index.js';
import { messageAndOption } from '../../support/message-and-option.js';
import { Net } from './support.js';

/** stem → (left, right) → Add → out, the last of which makes the output. */
function residual(): Model {
  const n = new Net();
  const x = n.conv('stem', n.input(['N', 3, 8, 8]), 4);
  return n.done(n.conv('out', n.op('Add', [n.conv('left', x, 6), n.conv('right', x, 6)]), 2));
}

function selected(select?: Select) {
  const model = residual();
  const { groups, frozen } = selectChannels(model, channelGroups(model), select);
  return { groups: groups.map(({ layers }) => layers.join(' + ')), frozen };
}

describe('selectChannels', () => {
  it('takes all that can lose channels, and says why the others cannot', () => {
    expect(selected()).toEqual({
      groups: ['stem.weight', 'left.weight + right.weight'],
      frozen: [{ name: 'out.weight', reason: 'they are tied to the output "y" of the model' }],
    });
  });

  it('keeps a layer whole that is tied to one that is not selected', () => {
    expect(selected({ exclude: ['right', 'out'] })).toEqual({
      groups: ['stem.weight'],
      frozen: [{ name: 'left.weight', reason: 'they are tied to those of "right.weight", which is not selected' }],
    });
  });

  it('leaves frozen layers aside where a pattern names others as well', () => {
    expect(selected({ include: ['*t.weight', 'stem'] }).groups).toEqual(['stem.weight', 'left.weight + right.weight']);
  });

  it.each<[string, Select, unknown]>([
    [
      'a layer that is frozen, by name',
      { include: ['stem', 'out'] },
      [
        '"out.weight" cannot lose channels, because they are tied to the output "y" of the model. Leave it out.',
        'PRUNE_FROZEN',
        ['include', 1],
      ],
    ],
    [
      'one that is tied to a layer that is not selected',
      { regex: ['^left'] },
      [
        '"left.weight" cannot lose channels, because they are tied to those of "right.weight", which is not selected. Leave it out.',
        'PRUNE_FROZEN',
        ['regex', 0],
      ],
    ],
    [
      'a selection that leaves nothing',
      { exclude: ['stem', 'left'] },
      [
        'No selected layer can lose channels: "right.weight", because they are tied to those of "left.weight", which is not selected; ' +
          '"out.weight", because they are tied to the output "y" of the model. Select some of stem.weight, left.weight, right.weight.',
        'PRUNE_NOTHING',
        undefined,
      ],
    ],
  ])('refuses %s', (_, select, expected) => {
    expect(messageAndOption(() => selected(select))).toEqual(expected);
  });

  it('refuses a model without layers', () => {
    const n = new Net();
    const model = n.done(n.relu(n.input(['N', 3])));
    expect(() => selectChannels(model, channelGroups(model))).toThrow(
      'The model has no weights of Conv, ConvTranspose, Gemm or MatMul. There is nothing to remove.',
    );
  });
});
