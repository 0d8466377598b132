import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { crossEntropy, sgd, train } from '../../src/train/index.js';
import { pointsDataset } from './rig.js';

/** Two dense layers, with the activation between them in a node of its own or in the product's. */
function network(isFused: boolean): Model {
  const random = new Random('fused');
  const b = new GraphBuilder();
  const drawn = (...dims: [number, number]) =>
    floatTensor(
      Float32Array.from({ length: dims[0] * dims[1] }, () => random.normal()),
      dims,
    );
  const x = b.input('x', 'float32', ['N', 2]);
  const first = [x, b.initializer('w1', drawn(2, 8)), b.initializer('b1', floatTensor(new Float32Array(8), [8]))];
  const hidden = isFused
    ? b.op('FusedGemm', first, { activation: 'Relu' }, { domain: 'com.microsoft', name: 'fused' })
    : b.op('Relu', [b.op('Gemm', first)]);
  b.output(b.op('Gemm', [hidden, b.initializer('w2', drawn(8, 3)), null]), 'logits');
  return b.build();
}

it('a network with an operator of onnxruntime learns like the standard one, and keeps it', async () => {
  const [fused, plain] = await Promise.all(
    [true, false].map((isFused) =>
      train({
        model: network(isFused),
        data: pointsDataset(96),
        loss: crossEntropy(),
        optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 }),
        length: { epochs: 5 },
        batch: 16,
        random: new Random('run'),
      }),
    ),
  );
  expect(fused!.trained).toEqual(['w1', 'b1', 'w2']);
  for (const name of fused!.trained) {
    expect(fused!.model.graph.initializers.get(name)!.bytes).toEqual(plain!.model.graph.initializers.get(name)!.bytes);
  }
  expect(fused!.model.graph.nodes.map(({ opType }) => opType)).toEqual(
    network(true).graph.nodes.map(({ opType }) => opType),
  );
  expect(fused!.model.graph.initializers.size).toBe(3);
});
