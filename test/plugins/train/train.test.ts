import { describe, expect, it } from 'vitest';
import train from '../../../plugins/train/index.js';
import { networkFor, pointsDataset, weightsDigest } from '../../train/rig.js';
import { runStage } from '../../train/stage-rig.js';

const LAYERS = [{ linear: 16 }, 'relu', { linear: 3 }];
const data = pointsDataset(120, 60);

describe('the stage train', () => {
  it('trains a network and reports what its recipe can gate on', async () => {
    const network = await networkFor(data, LAYERS);
    const { model, metrics, shown } = await runStage({
      stage: train,
      options: { network: 'points', data: 'points', epochs: 20, batch: 20, optimizer: { sgd: { lr: 0.1 } } },
      data,
      network,
    });
    expect(weightsDigest(model)).not.toBe(weightsDigest(network));
    expect(Object.keys(metrics).sort()).toEqual(['accuracy', 'epochs', 'history', 'imagesPerS', 'loss', 'steps']);
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    expect(metrics.epochs).toBe(20);
    expect(metrics.history).toHaveLength(20);
    expect(Object.keys(shown[0]!)).toEqual(['epoch', 'loss', 'accuracy', 'imagesPerS']);
  });

  it('goes on with a model', async () => {
    const model = await networkFor(data, LAYERS);
    const options = { data: 'points', epochs: 1, batch: 20 };
    const result = await runStage({ stage: train, options, data, model });
    expect([...result.model.graph.initializers.keys()]).toEqual([...model.graph.initializers.keys()]);
  });

  it('fills in defaults inside the chosen optimizer', async () => {
    const model = await networkFor(data, LAYERS);
    const options = { data: 'points', epochs: 0.2, batch: 20, optimizer: { adamw: { lr: 0.002 } } };
    const result = await runStage({ stage: train, options, data, model });
    expect(result.options.optimizer).toEqual({
      adamw: { lr: 0.002, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
    });
    expect(result.options.schedule).toEqual({ constant: { warmup: 0 } });
  });

  it('passes on the choices of its recipe', async () => {
    const model = await networkFor(data, LAYERS);
    const result = await runStage({
      stage: train,
      options: {
        data: 'points',
        epochs: 30,
        batch: 10,
        accumulate: 2,
        augment: { mixup: 0.1 },
        classWeights: 'balanced',
        optimizer: { rmsprop: { lr: 0.02 } },
        schedule: { oneCycle: {} },
        clipNorm: 1,
        average: {},
        overrides: [{ select: { include: ['fc1.bias'] }, with: { freeze: true } }],
      },
      data,
      model,
    });
    expect(result.metrics.accuracy).toBeGreaterThan(0.9);
    expect(result.lines.at(-1)).toEqual({ message: 'trained 180 steps', details: { batch: 20, shards: 1 } });
    expect(result.model.graph.initializers.get('fc1.bias')).toBe(model.graph.initializers.get('fc1.bias'));
  });

  it('refuses a network and a model, and neither', async () => {
    const model = await networkFor(data, LAYERS);
    const both = runStage({ stage: train, options: { network: 'mlp', data: 'points' }, data, model });
    await expect(both).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: train is given the network "mlp" and a model to go on with. Leave out \`network\` to go on with the model, or \`from\` to begin afresh.]`,
    );
    const neither = runStage({ stage: train, options: { data: 'points' }, data });
    await expect(neither).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: train has neither a network nor a model. Give it a network (\`network: lenet5\`), or a model with \`from\`.]`,
    );
  });
});
