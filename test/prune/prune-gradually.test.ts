import { expect, test } from 'vitest';
import { floatsOf, floatTensor } from '../../src/onnx/index.js';
import { nonzeroCount } from '../../src/prune/masks.js';
import { pruneGradually } from '../../src/prune/prune-gradually.js';
import { modelOf } from './weights.js';

const weights = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 1 : -1) * (index + 1));

test('steps follow the cubic curve over the original weights and end exactly at the goal', async () => {
  const seen: number[] = [];
  const { model, pruning } = await pruneGradually(modelOf({ w: weights }), {
    groups: [{ weights: ['w'], criterion: { keep: 20 }, scope: 'layer' }],
    steps: 4,
    curve: 'cubic',
    retrain: async ({ model: current }) => {
      seen.push(nonzeroCount(current.graph.initializers.get('w')!));
      return current;
    },
  });
  // 20 + 80 (1 - i/4)^3, rounded up.
  expect(seen).toEqual([54, 30, 22]);
  expect(nonzeroCount(model.graph.initializers.get('w')!)).toBe(20);
  expect(pruning.layers[0]!.kept).toBe(20);
});

test('a pruned weight stays pruned in later steps although others shrink below it', async () => {
  const pruned: number[][] = [];
  await pruneGradually(modelOf({ w: weights }), {
    groups: [{ weights: ['w'], criterion: { keep: 0.3 }, scope: 'layer' }],
    steps: 3,
    curve: 'linear',
    retrain: async ({ model: current, masks }) => {
      const mask = masks.get('w')!;
      pruned.push([...mask.keys()].filter((index) => mask[index] === 0));
      const changed = Float32Array.from(floatsOf(current.graph.initializers.get('w')!), (weight) => weight * 1e-6);
      current.graph.initializers.set('w', floatTensor(changed, [100]));
      return current;
    },
  });
  expect(pruned[1]).toEqual(expect.arrayContaining(pruned[0]!));
});

test('retraining that lets a pruned weight grow back is a bug, not a result', async () => {
  const request = {
    groups: [{ weights: ['w'], criterion: { keep: 0.5 }, scope: 'layer' as const }],
    steps: 2,
    curve: 'linear' as const,
    retrain: async () => modelOf({ w: weights }),
  };
  await expect(pruneGradually(modelOf({ w: weights }), request)).rejects.toThrow('internal: retraining changed');
});
