import { Random } from '../../src/core/random.js';
import type { Dataset, Samples } from '../../src/data/dataset.js';
import { floatTensor, GraphBuilder, type Model } from '../../src/onnx/index.js';

/** Three classes of points in the plane, around (2, 0), (-1, 2) and (-1, -2), that a small network tells apart. */
export function blobs(count = 192, seed = 1): Dataset {
  return {
    inputShape: [2],
    target: { kind: 'class', classes: 3 },
    train: samplesOf(count, seed),
    validation: samplesOf(96, seed + 1),
    test: null,
  };
}

/** x [batch, 2] → fc1 → Relu → fc2 → logits [batch, 3], weights seeded. */
export function blobNetwork(hidden = 16, seed = 1, names: [string, string] = ['fc1', 'fc2']): Model {
  const random = new Random(seed);
  const b = new GraphBuilder();
  const layer = (name: string, x: Parameters<GraphBuilder['op']>[1][number], inputs: number, outputs: number) => {
    const weight = Float32Array.from({ length: inputs * outputs }, () => random.normal() * Math.sqrt(2 / inputs));
    const constants = [
      b.initializer(`${name}.weight`, floatTensor(weight, [outputs, inputs])),
      b.initializer(`${name}.bias`, floatTensor(new Float32Array(outputs), [outputs])),
    ];
    return b.op('Gemm', [x, ...constants], { transB: 1 }, { name });
  };
  const hiddenValues = b.op('Relu', [layer(names[0], b.input('x', 'float32', ['batch', 2]), 2, hidden)]);
  b.output(layer(names[1], hiddenValues, hidden, 3), 'logits');
  return b.build();
}

const CENTRES = [2, 0, -1, 2, -1, -2];

function samplesOf(count: number, seed: number): Samples {
  const random = new Random(seed);
  const points = Float32Array.from({ length: 2 * count }, (_, i) => CENTRES[i % 6]! + random.normal() * 0.7);
  return {
    count,
    read(indices, x, y) {
      Array.from(indices).forEach((index, i) => {
        x[2 * i] = points[2 * index]!;
        x[2 * i + 1] = points[2 * index + 1]!;
        y[i] = index % 3;
      });
    },
  };
}
