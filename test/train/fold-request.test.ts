import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatsOf, floatTensor } from '../../src/onnx/tensor.js';
import { crossEntropy, masksFromZeros, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { halvesDataset } from './rig.js';

const data = halvesDataset(32);

/** Two normalized convolutions that share one weight, every third element of it pruned; then a linear layer. */
function twins(): Model {
  const random = new Random(3);
  const b = new GraphBuilder();
  const normal = (name: string, dims: number[], shift = 0) =>
    b.initializer(
      name,
      floatTensor(
        Float32Array.from({ length: dims.reduce((p, d) => p * d, 1) }, () => shift + 0.3 * random.normal()),
        dims,
      ),
    );
  const weights = Float32Array.from({ length: 9 }, (_, i) => (i % 3 === 0 ? 0 : random.normal()));
  const shared = b.initializer('shared', floatTensor(weights, [1, 1, 3, 3]));
  let x = b.input('x', 'float32', ['N', 1, 8, 8]);
  for (const i of [1, 2]) {
    const statistics = [normal(`bn${i}.mean`, [1]), b.initializer(`bn${i}.var`, floatTensor([0.5 + i], [1]))];
    x = b.op('Conv', [x, shared], { pads: [1, 1, 1, 1] }, { name: `conv${i}` });
    x = b.op('BatchNormalization', [x, normal(`bn${i}.scale`, [1], 1), normal(`bn${i}.bias`, [1]), ...statistics]);
  }
  b.output(b.op('Gemm', [b.op('Flatten', [x]), normal('fc.weight', [64, 2])], {}, { name: 'fc', outputs: ['y'] }));
  return b.build();
}

function request(changes: Partial<TrainRequest> = {}): TrainRequest {
  return {
    model: twins(),
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.05, momentum: 0.9, nesterov: false, weightDecay: 0 }),
    length: { steps: 1 },
    batch: 32,
    random: new Random(1),
    ...changes,
  };
}

const operators = ({ graph }: Model) => graph.nodes.map(({ opType }) => opType);

describe('batchNorm: folded', () => {
  it('starts from the function that the frozen network computes, without the normalizations', async () => {
    const [frozen, folded] = [
      await train(request({ batchNorm: 'frozen' })),
      await train(request({ batchNorm: 'folded' })),
    ];
    expect(operators(frozen.model)).toEqual([
      'Conv',
      'BatchNormalization',
      'Conv',
      'BatchNormalization',
      'Flatten',
      'Gemm',
    ]);
    expect(operators(folded.model)).toEqual(['Conv', 'Conv', 'Flatten', 'Gemm']);
    // The loss before the first update.
    expect(folded.history[0]!.loss).toBeCloseTo(frozen.history[0]!.loss, 5);
  });

  it('keeps pruned weights at 0 and frozen ones as they are, also in copies of a shared weight', async () => {
    const model = twins();
    const length = { steps: 5 };
    const pruned = await train(request({ model, length, batchNorm: 'folded', masks: masksFromZeros(model) }));
    const copies = [...pruned.model.graph.initializers].filter(([name]) => name.startsWith('shared'));
    expect(copies.map(([name]) => name)).toEqual(['shared.folded', 'shared.folded.1']);
    for (const [name, tensor] of copies) {
      floatsOf(tensor).forEach((weight, i) => {
        expect(weight === 0, `${name} ${i}`).toBe(i % 3 === 0);
      });
    }
    const frozen = await train(request({ model, length, batchNorm: 'folded', frozen: new Set(['shared']) }));
    expect(frozen.trained.filter((name) => name.startsWith('shared'))).toEqual([]);
    expect(frozen.trained).toContain('fc.weight');
  });
});
