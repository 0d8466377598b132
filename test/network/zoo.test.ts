import { describe, expect, test } from 'vitest';
import { BUILT_IN_NETWORKS } from '../../src/network/index.js';
import { checkModel } from '../../src/onnx/check.js';
import { sizeOf } from '../../src/onnx/tensor.js';
import { countTrainable, run, userErrorsOf, zoo } from './support.js';

const MNIST = { inputShape: [1, 28, 28] };
const CIFAR = { inputShape: [3, 32, 32] };

describe('the zoo', () => {
  test('is sorted by name', () => {
    const names = BUILT_IN_NETWORKS.map(({ name }) => name);
    expect(names).toEqual(['lenet-300-100', 'lenet-cifar', 'lenet5', 'mlp', 'resnet20', 'resnet8']);
  });

  test.each([
    // By hand: 784·300 + 300 + 300·100 + 100 + 100·10 + 10; the number that the literature gives.
    ['lenet-300-100', {}, MNIST, 266_610],
    ['mlp', {}, MNIST, 266_610],
    ['mlp', { hidden: [] }, MNIST, 784 * 10 + 10],
    // 25·20 + 20 + 20·25·50 + 50 + 800·500 + 500 + 500·10 + 10; the literature's too.
    ['lenet5', {}, MNIST, 431_080],
    // 3·25·6 + 6 + 6·25·16 + 16 + 400·120 + 120 + 120·84 + 84 + 84·10 + 10.
    ['lenet-cifar', {}, CIFAR, 62_006],
    // MLPerf Tiny states 78,666 in all, of which 2·16·3 + 2·32·2 + 2·64·2 = 480 are running statistics.
    ['resnet8', {}, CIFAR, 78_666 - 480],
    // Published: 269,722 with option A; each 1×1 shortcut adds its weight and its normalization.
    ['resnet20', { shortcut: 'pad' }, CIFAR, 269_722],
    ['resnet20', {}, CIFAR, 269_722 + 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64],
  ])('%s %j has as many parameters as by hand', async (name, options, request, parameters) => {
    expect(countTrainable(await zoo(name, options, request))).toBe(parameters);
  });

  test('the weights of resnet20 alone number 270,896, as Distiller reports', async () => {
    const model = await zoo('resnet20', {}, CIFAR);
    let weights = 0;
    for (const [name, { dims }] of model.graph.initializers) if (name.endsWith('.weight')) weights += sizeOf(dims);
    expect(weights).toBe(270_896);
  });

  test.each(
    BUILT_IN_NETWORKS.flatMap(({ name }) =>
      [MNIST, CIFAR, { inputShape: [3, 64, 48], outputs: 7 }].map((request) => [name, request] as const),
    ),
  )('%s on %j is valid, runs on onnxruntime, and gives finite logits', async (name, request) => {
    const model = await zoo(name, {}, { ...request, inputShape: [...request.inputShape] });
    checkModel(model);
    expect(model.graph.inputs).toEqual([
      { name: 'input', dataType: 'float32', shape: ['batch', ...request.inputShape] },
    ]);
    const outputs = 'outputs' in request ? request.outputs : 10;
    expect(model.graph.outputs).toEqual([{ name: 'logits', dataType: 'float32', shape: ['batch', outputs] }]);
    const { dims, data } = await run(model, 3);
    expect(dims).toEqual([3, outputs]);
    expect(data.every(Number.isFinite)).toBe(true);
    expect(data.some((value) => value !== 0)).toBe(true);
  });

  test('resnet20 with padded shortcuts runs, and names what it is made of', async () => {
    const model = await zoo('resnet20', { shortcut: 'pad' }, CIFAR);
    checkModel(model);
    expect((await run(model, 2)).dims).toEqual([2, 10]);
    const kinds = new Map<string, number>();
    for (const { opType } of model.graph.nodes) kinds.set(opType, (kinds.get(opType) ?? 0) + 1);
    expect(Object.fromEntries(kinds)).toMatchObject({ Conv: 19, BatchNormalization: 19, Add: 9, Pad: 2, Slice: 2 });
  });

  test('nodes and weights have the names that recipes select by', async () => {
    const model = await zoo('lenet5');
    expect(model.graph.nodes.map(({ name }) => name)).toEqual(
      ['conv1', 'pool1', 'conv2', 'pool2', 'flatten1', 'fc1', 'relu1', 'fc2'], // in order
    );
    expect([...model.graph.initializers.keys()]).toEqual(
      ['conv1', 'conv2', 'fc1', 'fc2'].flatMap((name) => [`${name}.weight`, `${name}.bias`]),
    );
    const resnet = await zoo('resnet8', {}, CIFAR);
    expect([...resnet.graph.initializers.keys()].slice(0, 6)).toEqual([
      'conv1.weight',
      'conv1.bias',
      'bn1.scale',
      'bn1.bias',
      'bn1.mean',
      'bn1.var',
    ]);
  });

  test('an image that is too small is refused, naming the layer', async () => {
    expect(await userErrorsOf(zoo('lenet5', {}, { inputShape: [1, 8, 8] }))).toMatchInlineSnapshot(`
      [
        "lenet5, conv2: a window of 5×5 does not fit into its input [20, 2, 2]. Use a smaller kernel, more padding, or fewer layers that shrink the image before it. The network's input is [1, 8, 8]. [NETWORK_SHAPE]",
      ]
    `);
    expect(await userErrorsOf(zoo('lenet5', {}, { inputShape: [64] }))).toMatchInlineSnapshot(`
      [
        "lenet5, conv1: it needs an image [C, H, W], but gets [64]. Put it before flatten and linear layers, or give the data a shape. The network's input is [64]. [NETWORK_SHAPE]",
      ]
    `);
  });
});
