import { describe, expect, it } from 'vitest';
import l1Regularize from '../../../plugins/l1-regularize/index.js';
import { floatsOf } from '../../../src/onnx/tensor.js';
import { networkFor, pointsDataset } from '../../train/rig.js';
import { runStage } from '../../train/stage-rig.js';

const data = pointsDataset(120, 60);
const model = await networkFor(data, [{ linear: 16 }, 'relu', { linear: 3 }]);
const options = { data: 'points', epochs: 20, batch: 20, keep: 'last', optimizer: { sgd: { lr: 0.1 } }, lambda: 0.05 };

function nonzero(name: string, { graph }: typeof model): number {
  return floatsOf(graph.initializers.get(name)!).filter((weight) => weight !== 0).length;
}

describe('the stage l1-regularize', () => {
  it('drives weights to exact zeros and reports the nonzero ones of each layer as it goes', async () => {
    const result = await runStage({ stage: l1Regularize, options, data, model });
    const perLayer = result.metrics.nonzeroPerLayer as Record<string, number>;
    expect(Object.keys(perLayer)).toEqual(['fc1.weight', 'fc2.weight']);
    for (const [name, count] of Object.entries(perLayer)) expect(count).toBe(nonzero(name, result.model));
    expect(perLayer['fc1.weight']! + perLayer['fc2.weight']!).toBeLessThan(60);
    expect(result.metrics.nonzeroShare).toBe((perLayer['fc1.weight']! + perLayer['fc2.weight']!) / 80);
    const logged = result.lines.filter(({ message }) => message === 'nonzero weights');
    expect(logged).toHaveLength(20);
    expect(logged.at(-1)!.details).toEqual(perLayer);
  });

  it('penalizes selected layers only', async () => {
    const select = { include: ['fc2'] };
    const result = await runStage({ stage: l1Regularize, options: { ...options, select }, data, model });
    expect(Object.keys(result.metrics.nonzeroPerLayer as object)).toEqual(['fc2.weight']);
    expect(nonzero('fc1.weight', result.model)).toBe(32);
  });

  it('counts a frozen layer as it is', async () => {
    const overrides = [{ select: { include: ['fc1'] }, with: { freeze: true } }];
    const result = await runStage({ stage: l1Regularize, options: { ...options, overrides }, data, model });
    const perLayer = result.metrics.nonzeroPerLayer as Record<string, number>;
    expect(perLayer['fc1.weight']).toBe(32);
    expect(perLayer['fc2.weight']).toBeLessThan(48);
    expect(result.lines.at(-1)!.details).toMatchObject({ 'fc1.weight': 32 });
  });

  it('refuses a selection that holds no weight', async () => {
    const select = { include: ['fc2.bias'] };
    const run = runStage({ stage: l1Regularize, options: { ...options, select }, data, model });
    await expect(run).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: \`select\` leaves no weight to penalize: biases and normalizations are never penalized. The weights are fc1.weight, fc2.weight.]`,
    );
  });
});
