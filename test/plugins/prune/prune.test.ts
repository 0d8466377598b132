import { describe, expect, it } from 'vitest';
import prune from '../../../plugins/prune/index.js';
import type { CheckpointParts } from '../../../src/core/checkpoint.js';
import { encodeModel, floatsOf, type Model } from '../../../src/onnx/index.js';
import { blobNetwork, blobs } from '../../support/blobs.js';
import { runStage, stageOptions } from '../../support/run-stage.js';

function nonzero(model: Model, name: string): number {
  return floatsOf(model.graph.initializers.get(name)!).filter((weight) => weight !== 0).length;
}

describe('the stage prune', () => {
  it('keeps a share of the weights of every layer, and no fewer biases', async () => {
    const { model, metrics } = await runStage(prune, { keep: 0.25 }, { inputs: { model: blobNetwork() } });
    expect(nonzero(model, 'fc1.weight')).toBe(8);
    expect(nonzero(model, 'fc2.weight')).toBe(12);
    expect(metrics).toMatchObject({
      weightSparsity: 0.75,
      nonzeroParameters: 20,
      perLayer: [
        { name: 'fc1.weight', total: 32, kept: 8 },
        { name: 'fc2.weight', total: 48, kept: 12 },
      ],
    });
  });

  it('keeps a count over all layers in scope global', async () => {
    const { metrics } = await runStage(prune, { keep: 30, scope: 'global' }, { inputs: { model: blobNetwork() } });
    expect(metrics.nonzeroParameters).toBe(30);
  });

  it('uses the threshold 0.01 where nothing else is given', async () => {
    const source = blobNetwork();
    const { model, metrics } = await runStage(prune, {}, { inputs: { model: source } });
    const large = floatsOf(source.graph.initializers.get('fc2.weight')!).filter((weight) => Math.abs(weight) >= 0.01);
    expect(nonzero(model, 'fc2.weight')).toBe(large.length);
    expect(metrics.threshold).toBe(0.01);
  });

  it('leaves out what select excludes, and follows the first override that matches', async () => {
    const options = {
      keep: 0.5,
      overrides: [
        { select: { include: ['fc2'] }, with: { keep: 6 } },
        { select: { regex: ['fc.'] }, with: { keep: 1 } },
      ],
    };
    const { model } = await runStage(prune, options, { inputs: { model: blobNetwork() } });
    expect([nonzero(model, 'fc1.weight'), nonzero(model, 'fc2.weight')]).toEqual([32, 6]);
    const excluded = { keep: 0.5, select: { exclude: ['fc1'] } };
    const { metrics } = await runStage(prune, excluded, { inputs: { model: blobNetwork() } });
    expect(metrics.perLayer).toMatchObject([{ name: 'fc2.weight', kept: 24 }]);
  });

  it('warns of a layer that would have been emptied', async () => {
    const { lines } = await runStage(prune, { threshold: 100 }, { inputs: { model: blobNetwork() } });
    expect(lines.filter((line) => line.startsWith('warning'))).toEqual([
      'warning: "fc1.weight" would have lost all its weights: the largest one stays',
      'warning: "fc2.weight" would have lost all its weights: the largest one stays',
    ]);
  });

  it('prunes in steps with training in between, and ends exactly at the goal', async () => {
    const schedule = { data: 'blobs', steps: 3, epochs: 2, batch: 32, optimizer: { sgd: { lr: 0.05 } } };
    const setup = { inputs: { model: blobNetwork() }, data: blobs() };
    const { model, metrics, lines, fractions } = await runStage(prune, { keep: 0.25, schedule }, setup);
    expect(metrics.weightSparsity).toBe(0.75);
    expect(nonzero(model, 'fc1.weight')).toBe(8);
    expect(lines).toContain('step 2 of 3 pruned, training');
    expect(lines).not.toContain('step 3 of 3 pruned, training');
    expect(fractions.at(-1)).toBe(1);
    expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
    const { model: again } = await runStage(prune, { keep: 0.25, schedule }, setup);
    expect(again.graph.initializers).toEqual(model.graph.initializers);
  });

  describe('with a checkpoint', () => {
    const schedule = { data: 'blobs', steps: 3, epochs: 2, batch: 32, optimizer: { sgd: { lr: 0.05 } } };
    const setup = { inputs: { model: blobNetwork() }, data: blobs() };
    const runWith = (load: () => CheckpointParts | null, save: (parts: CheckpointParts) => void = () => {}) =>
      runStage(
        prune,
        { keep: 0.25, schedule },
        {
          ...setup,
          checkpoint: { load: async () => load(), due: () => true, save: async (fetch) => save(await fetch()) },
        },
      );
    const last = async () => {
      let saved: CheckpointParts = new Map();
      await runWith(
        () => null,
        (parts) => {
          saved = new Map([...parts].map(([name, bytes]) => [name, bytes.slice()]));
        },
      );
      return saved;
    };

    it('goes on in the training that it was saved in, to the same weights', async () => {
      const { model } = await runStage(prune, { keep: 0.25, schedule }, setup);
      const saved = await last();
      const again = await runWith(() => saved);
      expect(again.lines.filter((line) => line.includes('pruned, training'))).toEqual(['step 2 of 3 pruned, training']);
      expect(again.model.graph.initializers).toEqual(model.graph.initializers);
    });

    it.each<[what: string, name: string, bytes: Uint8Array | null]>([
      ['without its step', 'prune step', null],
      ['of a step that has no training', 'prune step', Buffer.from('3')],
      ['of a step that is no number', 'prune step', Buffer.from('two')],
      ['without its model', 'prune model', null],
      ['with a model that is none', 'prune model', Buffer.from('no model')],
      ['with a model of other shapes', 'prune model', encodeModel(blobNetwork(8))],
      ['with a training that has no weights', 'parameters', null],
    ])('%s begins anew, with one warning', async (_, name, bytes) => {
      const { model } = await runStage(prune, { keep: 0.25, schedule }, setup);
      const saved = new Map(await last());
      if (bytes === null) saved.delete(name);
      else saved.set(name, bytes);
      const again = await runWith(() => saved);
      expect(again.lines.filter((line) => line.startsWith('warning: '))).toEqual([
        expect.stringMatching(
          /^warning: The checkpoint is none that this (stage|training) can have saved: it begins anew\.$/,
        ),
      ]);
      expect(again.model.graph.initializers).toEqual(model.graph.initializers);
    });
  });

  it('trains between the steps, so that other weights survive than at once', async () => {
    const schedule = { data: 'blobs', steps: 3, epochs: 2, batch: 32, optimizer: { sgd: { lr: 0.05 } } };
    const setup = { inputs: { model: blobNetwork() }, data: blobs() };
    const gradual = await runStage(prune, { keep: 0.25, schedule }, setup);
    const atOnce = await runStage(prune, { keep: 0.25 }, setup);
    expect(gradual.model.graph.initializers.get('fc1.bias')).not.toEqual(
      atOnce.model.graph.initializers.get('fc1.bias'),
    );
  });

  const COUNT =
    'keep: 1.5 is neither a share above 0 and at most 1, nor a whole number of weights. ' +
    'Write 0.1 or 10% for a tenth of the weights, 5000 for that many.';

  it.each([
    [
      'several criteria',
      { threshold: 0.01, keep: 0.5 },
      'prune has threshold: 0.01 and keep: 0.5, which contradict each other. Give one of them.',
    ],
    ['a count that is no whole number', { keep: 1.5 }, COUNT],
    ['such a count in an override', { overrides: [{ select: { include: ['fc1'] }, with: { keep: 1.5 } }] }, COUNT],
    ['keep 0', { keep: 0 }, 'schema: data/keep must be > 0'],
    ['a negative threshold', { threshold: -1 }, 'schema: data/threshold must be >= 0'],
    [
      'a schedule without data',
      { keep: 0.5, schedule: { steps: 3 } },
      "schema: data/schedule must have required property 'data'",
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => stageOptions(prune, options)).toThrow(message);
  });
});
