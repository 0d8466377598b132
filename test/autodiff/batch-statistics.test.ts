import { it } from 'vitest';
import { trainingBatchNormalization } from '../../src/autodiff/batch-statistics.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import { expectClose } from '../support/gradient-vectors.js';

it('batch normalization keeps the digits of values that lie far from 0', async () => {
  // Two channels of [2, 2, 3] around 3e4 and −5e4, where float32 has steps of 1/512 and 1/256: all these are exact.
  const channels = [
    [30000.5, 30000, 30001.25, 29999.75, 30000.5, 30002],
    [-50000, -50000.5, -50001, -49998, -50000.25, -50000],
  ];
  const x = Float32Array.from([0, 1].flatMap((n) => channels.flatMap((values) => values.slice(3 * n, 3 * n + 3))));
  const b = new GraphBuilder();
  const constant = (values: readonly number[]) => b.constant(floatTensor(values, [2]));
  const { y, mean, variance } = trainingBatchNormalization(b, {
    x: b.input('x', 'float32', [2, 2, 3]),
    scale: constant([2, 1]),
    bias: constant([0.5, -1]),
    epsilon: 0.25,
  });
  for (const [name, value] of Object.entries({ y, mean, variance })) b.output(value, name);
  const session = await Session.create(b.build());
  const results = await session.run({ x: floatFeed(x, [2, 2, 3]) });
  await session.release();

  const statistics = channels.map((values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / 6;
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 6 };
  });
  const expected = [...x].map((value, i) => {
    const channel = Math.floor(i / 3) % 2;
    const { mean, variance } = statistics[channel]!;
    return ((value - mean) / Math.sqrt(variance + 0.25)) * [2, 1][channel]! + [0.5, -1][channel]!;
  });
  const data = (name: string) => results[name]!.data as Float32Array;
  expectClose(data('y'), expected, 1e-6, 'y');
  expectClose(
    data('mean'),
    statistics.map((each) => each.mean),
    1e-6,
    'mean',
  );
  expectClose(
    data('variance'),
    statistics.map((each) => each.variance),
    1e-6,
    'variance',
  );
});
