import { describe, expect, it } from 'vitest';
import finetune from '../../../plugins/finetune/index.js';
import pruneChannels from '../../../plugins/prune-channels/index.js';
import quantize from '../../../plugins/quantize/index.js';
import { countMacs, modelSize } from '../../../src/evaluate/index.js';
import { withStandIns } from '../../../src/onnx/index.js';
import type { Model } from '../../../src/onnx/ir.js';
import type { ModelPreview, PreviewContext, StagePreview } from '../../../src/plugin/preview.js';
import { Net } from '../../prune/channels/support.js';
import { blobNetwork, blobs } from '../../support/blobs.js';
import { runStage, stageOptions } from '../../support/run-stage.js';

function run(model: Model, options: object) {
  return runStage(pruneChannels, options, { inputs: { model } });
}

async function preview(options: object, input: ModelPreview): Promise<StagePreview> {
  const given = stageOptions(pruneChannels, options);
  return pruneChannels.plan!({ options: given, inputs: { model: input } } as unknown as PreviewContext<never>);
}

/** Images [N, 3, 8, 8] → a (8) → b (12) → c (4) → features → fc (2). */
function convolutions(): Model {
  const n = new Net();
  const x = n.relu(n.norm('bn.a', n.conv('a', n.input(['N', 3, 8, 8]), 8)));
  const y = n.relu(n.conv('c', n.relu(n.norm('bn.b', n.conv('b', x, 12))), 4));
  return n.done(n.linear('fc', n.op('Flatten', [y]), 2));
}

const widths = ({ graph }: Model) => ['a', 'b', 'c'].map((name) => graph.initializers.get(`${name}.weight`)!.dims[0]);

describe('the stage prune-channels', () => {
  it('leaves a share of the channels of every layer but the last, and tells how much smaller the model is', async () => {
    const { model, metrics } = await run(convolutions(), { keep: 0.5 });
    expect(widths(model)).toEqual([4, 6, 2]);
    // 8·(3·9 + 1) + 2·8, 12·(8·9 + 1) + 2·12, 4·(12·9 + 1), 2·(4·64 + 1), and the same with 4, 6 and 2 channels.
    const [before, after] = [224 + 16 + 876 + 24 + 436 + 514, 112 + 8 + 222 + 12 + 110 + 258];
    const [macsBefore, macsAfter] = [64 * 9 * (24 + 96 + 48) + 512, 64 * 9 * (12 + 24 + 12) + 256];
    expect(metrics).toEqual({
      parameters: after,
      keptParameters: after / before,
      macs: macsAfter,
      keptMacs: macsAfter / macsBefore,
      keptChannels: 14 / 26,
      perLayer: [
        { name: 'a.weight', total: 8, kept: 4 },
        { name: 'b.weight', total: 12, kept: 6 },
        { name: 'c.weight', total: 4, kept: 2 },
        { name: 'fc.weight', total: 2, kept: 2 },
      ],
      frozen: [{ name: 'fc.weight', reason: 'they are tied to the output "y" of the model' }],
    });
    expect(modelSize(model).parameters).toBe(after);
  });

  it('leaves a number of channels, of each layer or of all together', async () => {
    expect(widths((await run(convolutions(), { keep: 5 })).model)).toEqual([5, 5, 4]);
    const { metrics } = await run(convolutions(), { keep: 10, scope: 'global' });
    expect((metrics.perLayer as { kept: number }[]).reduce((sum, { kept }) => sum + kept, 0)).toBe(10 + 2);
  });

  it('rounds up, leaves out what is not selected, and follows overrides', async () => {
    const options = {
      keep: 0.5,
      roundTo: 4,
      select: { exclude: ['c'] },
      overrides: [{ select: { include: ['b'] }, with: { keep: 1 } }],
    };
    expect(widths((await run(convolutions(), options)).model)).toEqual([4, 12, 4]);
    expect(widths((await run(convolutions(), { ...options, overrides: [] })).model)).toEqual([4, 8, 4]);
  });

  it('follows the first override that matches one of tied layers', async () => {
    const n = new Net();
    const x = n.input(['N', 3, 8, 8]);
    const model = n.done(n.conv('c', n.op('Add', [n.conv('a', x, 8), n.conv('b', x, 8)]), 2));
    const overrides = [
      { select: { include: ['b'] }, with: { keep: 0.75 } },
      { select: { include: ['a'] }, with: { keep: 0.25 } },
    ];
    expect(widths((await run(model, { keep: 0.5, overrides })).model)).toEqual([6, 6, 2]);
  });

  it('ranks by gamma where it is asked to', async () => {
    const options = { keep: 0.5, importance: 'batchnorm', select: { include: ['a', 'b'] } };
    expect(widths((await run(convolutions(), options)).model)).toEqual([4, 6, 4]);
  });

  it('makes a model that finetune trains', async () => {
    const { model } = await run(blobNetwork(32), { keep: 0.25 });
    const outcome = await runStage(
      finetune,
      { data: 'blobs', epochs: 8, batch: 32, optimizer: { sgd: { lr: 0.05 } } },
      { inputs: { model }, data: blobs() },
    );
    expect(outcome.metrics.accuracy).toBeGreaterThan(0.9);
    expect(outcome.model.graph.initializers.get('fc1.weight')!.dims).toEqual([8, 2]);
  });

  it('keeps metadata, and what is declared of inner values in agreement', async () => {
    const source = convolutions();
    source.metadata.set('lathe.stage', 'base');
    source.docString = 'a note';
    const { model } = await run(source, { keep: 0.5 });
    expect([...model.metadata]).toEqual([['lathe.stage', 'base']]);
    expect(model.docString).toBe('a note');
    const channels = [...model.graph.valueInfo.values()].map(({ shape }) => shape![1]);
    expect(channels).toEqual([4, 4, 4, 6, 6, 6, 2, 2, 128, 2]);
  });

  it('gives the same bytes every time', async () => {
    const [first, second] = [await run(convolutions(), { keep: 0.5 }), await run(convolutions(), { keep: 0.5 })];
    expect(second.model.graph).toEqual(first.model.graph);
  });

  it.each([
    [
      'a number that is no whole one',
      { keep: 1.5 },
      'keep: 1.5 is neither a share above 0 and at most 1, nor a whole number of channels.',
    ],
    ['keep 0', { keep: 0 }, 'schema: data/keep must be > 0'],
    ['no keep', {}, "schema: data must have required property 'keep'"],
    ['roundTo 0', { keep: 0.5, roundTo: 0 }, 'schema: data/roundTo must be >= 1'],
    [
      'an override without keep',
      { keep: 0.5, overrides: [{ select: { include: ['a'] }, with: {} }] },
      "must have required property 'keep'",
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => stageOptions(pruneChannels, options)).toThrow(message);
  });

  it('refuses a quantized model', async () => {
    const { model } = await runStage(quantize, { method: 'weights' }, { inputs: { model: blobNetwork() } });
    await expect(run(model, { keep: 0.5 })).rejects.toThrow(
      'The model is quantized: its weights are integers. Remove channels before quantizing.',
    );
  });
});

describe('the preview of prune-channels', () => {
  it('is what the stage makes, also where no weight is known yet', async () => {
    const source = convolutions();
    const unknown = withStandIns(source, source.graph.initializers.keys());
    const { model } = await run(source, { keep: 0.5 });
    for (const input of [
      { model: source, hasWeights: true },
      { model: unknown, hasWeights: false },
    ]) {
      const told = await preview({ keep: 0.5 }, input);
      expect(told.matches).toEqual({ select: ['a.weight', 'b.weight', 'c.weight'] });
      expect(told.outputs!.model!.hasWeights).toBe(input.hasWeights);
      expect(modelSize(told.outputs!.model!.model).parameters).toBe(modelSize(model).parameters);
      expect(countMacs(told.outputs!.model!.model)).toEqual(countMacs(model));
    }
  });

  it('does not guess how wide layers become that compete by weights that are not known', async () => {
    const input = { model: convolutions(), hasWeights: false };
    expect((await preview({ keep: 0.5, scope: 'global' }, input)).outputs).toEqual({ model: null });
  });

  it.each<[string, object, string, unknown]>([
    [
      'a layer that cannot lose channels, by name',
      { keep: 0.5, select: { include: ['a', 'fc'] } },
      '"fc.weight" cannot lose channels, because they are tied to the output "y" of the model. Leave it out.',
      ['select', 'include', 1],
    ],
    [
      'an override for one',
      { keep: 0.5, overrides: [{ select: { include: ['fc'] }, with: { keep: 1 } }] },
      '"fc.weight" cannot lose channels, because they are tied to the output "y" of the model. Leave it out.',
      ['overrides', 0, 'select', 'include', 0],
    ],
    [
      'a name that matches nothing',
      { keep: 0.5, select: { include: ['d'] } },
      '"d" under include matches nothing in the model.',
      ['select', 'include', 0],
    ],
    [
      'more channels than there are',
      { keep: 13 },
      'keep: 13 is more than the 12 channels that any selected layer can spare from.',
      ['keep'],
    ],
    [
      'gamma where there is none',
      { keep: 0.5, importance: 'batchnorm' },
      'importance: batchnorm ranks channels by a BatchNormalization, and "c.weight" has none behind it.',
      ['importance'],
    ],
  ])('refuses %s', async (_, options, message, option) => {
    const refusal = preview(options, { model: convolutions(), hasWeights: true });
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toMatchObject({ option });
  });
});
