import { describe, expect, it } from 'vitest';
import { isUserError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import { cloneModel } from '../../src/onnx/ir.js';
import { floatsOf, floatTensor } from '../../src/onnx/tensor.js';
import { crossEntropy, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { lossFromOptions } from '../../src/train/options.js';
import { networkFor, pointsDataset, samplesOf } from './rig.js';

async function request(changes: Partial<TrainRequest> = {}): Promise<TrainRequest> {
  const data = pointsDataset(40, 10);
  return {
    model: await networkFor(data, [{ linear: 16 }, 'relu', { linear: 3 }]),
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 }),
    length: { epochs: 1 },
    batch: 10,
    random: new Random(1),
    ...changes,
  };
}

async function failure(changes: Partial<TrainRequest>): Promise<string> {
  try {
    await train(await request(changes));
  } catch (error) {
    if (isUserError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('expected an error');
}

describe('errors before training', () => {
  it('batch 0', async () => {
    expect(await failure({ batch: 0 })).toMatchInlineSnapshot(
      `"TRAIN_BATCH: The batch is 0. It must be a whole number, 1 or more."`,
    );
  });

  it('accumulated half batches', async () => {
    expect(await failure({ accumulate: 0.5 })).toMatchInlineSnapshot(
      `"TRAIN_ACCUMULATE: \`accumulate\` is 0.5. It must be a whole number of batches, 1 or more."`,
    );
  });

  it('images changed where there are none', async () => {
    expect(await failure({ augment: { flip: 'horizontal' } })).toMatchInlineSnapshot(
      `"DATA_AUGMENT: augment.flip changes images, [channels, height, width], but the samples are [2]. Leave it out for these data; mixup suits samples of any shape."`,
    );
  });

  it('epochs 0 and below', async () => {
    expect(await failure({ length: { epochs: 0 } })).toMatchInlineSnapshot(
      `"TRAIN_LENGTH: Training is to last 0 epochs. It must be more than 0; a fraction is allowed."`,
    );
    expect(await failure({ length: { epochs: -1 } })).toContain('TRAIN_LENGTH');
    expect(await failure({ length: { steps: 1.5 } })).toMatchInlineSnapshot(
      `"TRAIN_LENGTH: Training is to last 1.5 steps. It must be a whole number, 1 or more."`,
    );
  });

  it('samples of another shape', async () => {
    const data = { ...pointsDataset(40, 10), inputShape: [1, 2] };
    expect(await failure({ data })).toMatchInlineSnapshot(
      `"TRAIN_INPUT_MISMATCH: The network's input "input" is float32 [batch, 2], but a sample of the data is float32 [1, 2]. Use data of that shape (after the batch dimension), or a network for this shape."`,
    );
  });

  it('labels that the outputs do not fit', async () => {
    const data = { ...pointsDataset(40, 10), target: { kind: 'class', classes: 47 } } as const;
    expect(await failure({ data })).toMatchInlineSnapshot(
      `"TRAIN_OUTPUT_MISMATCH: The network gives 3 outputs, the data has 47 classes. Give the network as many outputs as the data has labels."`,
    );
    const values = { ...pointsDataset(40, 10), target: { kind: 'value', shape: [2] } } as const;
    expect(await failure({ data: values })).toMatchInlineSnapshot(
      `"TRAIN_OUTPUT_MISMATCH: The network gives 3 outputs, the data has 2 values a sample. Give the network as many outputs as the data has labels."`,
    );
  });

  it('keep best and stopAt without a validation split', async () => {
    const data = pointsDataset(40);
    expect(await failure({ data, keep: 'best' })).toMatchInlineSnapshot(
      `"TRAIN_NO_VALIDATION: \`keep: best\` needs a validation split, and the data set has none. Give the data set a split, for instance \`split: { validation: 0.1 }\`, or leave the option out."`,
    );
    expect(await failure({ data, stopAt: { accuracy: 0.9 } })).toContain('`stopAt` needs a validation split');
  });

  it('everything frozen', async () => {
    const { model } = await request();
    expect(await failure({ model, frozen: new Set(model.graph.initializers.keys()) })).toMatchInlineSnapshot(
      `"TRAIN_NOTHING: Every weight of the network is frozen. Training needs at least one float32 weight that may change."`,
    );
  });

  it('an empty training split', async () => {
    const data = { ...pointsDataset(40, 10), train: samplesOf(new Float32Array(0), new Int32Array(0), 2) };
    expect(await failure({ data })).toMatchInlineSnapshot(
      `"TRAIN_NO_DATA: The training split has no samples. Check the data set and its split."`,
    );
  });

  it('cross-entropy of values', () => {
    const choose = () =>
      lossFromOptions({ loss: 'cross-entropy', labelSmoothing: 0, huberDelta: 1 }, { kind: 'value', shape: [1] });
    expect(choose).toThrowErrorMatchingInlineSnapshot(
      `[UserError: The loss is cross-entropy, but the labels of the data set are values, not classes. Set \`loss: mean-squared-error\`, or \`binary-cross-entropy\` for answers of 0 and 1, or use a data set with classes.]`,
    );
  });
});

describe('divergence', () => {
  it('names the step, the learning rate and the first layer with a bad value', async () => {
    const optimizer = sgd({ lr: 1e30, momentum: 0, nesterov: false, weightDecay: 0 });
    expect(await failure({ optimizer })).toMatchInlineSnapshot(
      `"TRAIN_DIVERGED: The loss became NaN or infinite at step 2, with learning rate 1e+30. The first bad value is in the output of fc2 (Gemm). Try a learning rate 10 times smaller, a warm-up (schedule: { constant: { warmup: 1 } }), or data scaled to mean 0."`,
    );
    expect(await failure({ optimizer, shards: 2 })).toContain('TRAIN_DIVERGED');
  });

  it('is seen in the weights, too, where the last loss still was a number', async () => {
    const optimizer = sgd({ lr: 1e38, momentum: 0, nesterov: false, weightDecay: 0 });
    const start = await request();
    const model = cloneModel(start.model);
    // Gradients of the first layer scale with the weights of the second.
    const second = model.graph.initializers.get('fc2.weight')!;
    const large = floatsOf(second).map((weight) => 1e4 * weight);
    model.graph.initializers.set('fc2.weight', floatTensor(large, second.dims));
    expect(await failure({ model, optimizer, length: { steps: 1 } })).toMatchInlineSnapshot(
      `"TRAIN_DIVERGED: Weights became NaN or infinite in step 1, with learning rate 1e+38. The first bad value is in "fc1.weight", a weight of fc1 (Gemm). Try a learning rate 10 times smaller, a warm-up (schedule: { constant: { warmup: 1 } }), or data scaled to mean 0."`,
    );
  });

  it('is seen on the validation split', async () => {
    const data = pointsDataset(40, 10);
    const validation = samplesOf(new Float32Array(20).fill(Number.NaN), new Int32Array(10), 2);
    expect(await failure({ data: { ...data, validation } })).toMatchInlineSnapshot(
      `"TRAIN_DIVERGED: The loss on the validation split became NaN or infinite after step 4, with learning rate 0.1. The network itself still gives finite values. Check the data: a sample holds NaN or infinity. Else: Try a learning rate 10 times smaller, a warm-up (schedule: { constant: { warmup: 1 } }), or data scaled to mean 0."`,
    );
  });

  it('names bad samples', async () => {
    const data = pointsDataset(40, 10);
    const x = new Float32Array(80).fill(Number.NaN);
    const train = samplesOf(x, new Int32Array(40), 2);
    expect(await failure({ data: { ...data, train } })).toMatchInlineSnapshot(
      `"TRAIN_DIVERGED: The loss became NaN or infinite at step 1, with learning rate 0.1. The first bad value is in the samples. Check the data: a sample holds NaN or infinity."`,
    );
  });
});
