import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/core/canonical-json.js';
import { LAYERS_SCHEMA } from '../../src/network/index.js';
import { checkModel } from '../../src/onnx/check.js';
import type { Model } from '../../src/onnx/ir.js';
import { countTrainable, layers, run, userErrorsOf } from './support.js';

const EVERYTHING: readonly Json[] = [
  { conv: { filters: 8, kernel: 3, pad: 'same', stride: 2, bias: false, initializer: 'xavier-normal' } },
  'batchnorm',
  'relu',
  { conv: { filters: 8, kernel: [3, 1], pad: [1, 0], groups: 8, dilation: [1, 2], name: 'depthwise' } },
  { leakyrelu: 0.1 },
  'leakyrelu',
  { maxpool: { kernel: 3, stride: 2, pad: 1 } },
  { residual: { layers: [{ conv: { filters: 16, kernel: 3, pad: 'same', stride: 2 } }, 'batchnorm'] } },
  { residual: { layers: ['sigmoid'], shortcut: 'identity', name: 'sum' } },
  { avgpool: 2 },
  'gap',
  { dropout: 0.5 },
  'flatten',
  { linear: 32 },
  'tanh',
  { linear: { outputs: 10, name: 'last' } },
];

/** Opset attributes of one node as plain numbers. */
function attributesOf(model: Model, name: string): Record<string, unknown> {
  const node = model.graph.nodes.find((candidate) => candidate.name === name)!;
  return Object.fromEntries([...node.attributes].map(([key, { value }]) => [key, value]));
}

describe('a list of layers', () => {
  test('of every kind is valid and runs', async () => {
    const model = await layers(EVERYTHING);
    checkModel(model);
    expect((await run(model, 5)).dims).toEqual([5, 10]);
    expect(model.graph.nodes.map(({ name }) => name)).toEqual(
      ['conv1', 'bn1', 'relu1', 'depthwise', 'leakyrelu1', 'leakyrelu2', 'pool1', 'conv2', 'bn2', 'shortcut1'].concat(
        ['shortcut_bn1', 'add1', 'sigmoid1', 'sum', 'pool2', 'gap1', 'dropout1', 'flatten1', 'fc1', 'tanh1', 'last'], // in order
      ),
    );
  });

  test('describes the same network as the zoo', async () => {
    const model = await layers([
      { conv: { filters: 20, kernel: 5 } },
      { maxpool: 2 },
      { conv: { filters: 50, kernel: 5 } },
      { maxpool: 2 },
      { linear: 500 },
      'relu',
      { linear: 10 },
    ]);
    expect(countTrainable(model)).toBe(431_080);
  });

  test('"same" gives ceil(size / stride) and puts the odd zero at the end', async () => {
    const model = await layers([{ conv: { filters: 1, kernel: 3, pad: 'same', stride: 2 } }, { linear: 10 }]);
    // 28 → 14 needs (14 − 1)·2 + 3 − 28 = 1 zero.
    expect(attributesOf(model, 'conv1')).toMatchObject({ pads: [0, 0, 1, 1], strides: [2, 2] });
    expect(model.graph.initializers.get('fc1.weight')!.dims).toEqual([10, 196]);
  });

  test('a name given is not given again', async () => {
    const model = await layers([{ linear: { outputs: 5, name: 'fc2' } }, { linear: 5 }, { linear: 10 }]);
    expect(model.graph.nodes.map(({ name }) => name)).toEqual(['flatten1', 'fc2', 'fc1', 'fc3']);
  });

  test('slopes and epsilons are floats for ONNX, whole or not', async () => {
    const model = await layers([{ leakyrelu: 1 }, 'batchnorm', { linear: 10 }]);
    expect(model.graph.nodes[0]!.attributes.get('alpha')).toEqual({ type: 'float', value: 1 });
    checkModel(model);
  });

  test('an input given in the recipe must be that of the data', async () => {
    const { build } = await import('./support.js');
    const source = { kind: 'layers', layers: [{ linear: 10 }], input: [1, 8, 8] } as const;
    expect(await userErrorsOf(build(source))).toMatchInlineSnapshot(`
      [
        "The list of layers takes float32 samples of shape [1, 8, 8], but the data has float32 samples of shape [1, 28, 28]. Change the input of the network, or give the data another shape or size. [NETWORK_INPUT]",
      ]
    `);
  });
});

describe('LAYERS_SCHEMA', () => {
  test('is a valid schema that accepts every kind of layer', () => {
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(LAYERS_SCHEMA as object);
    expect(validate(EVERYTHING)).toBe(true);
    expect(validate([])).toBe(false);
    expect(validate(['conv'])).toBe(false);
  });

  test('every mistake is reported with its place', async () => {
    const wrong: Json[] = [
      { conv: { filters: 8, kernal: 3 } },
      'rellu',
      { maxpool: 0 },
      { linear: '64' },
      { batchnorm: {}, relu: {} },
      'conv',
      { residual: { layers: [{ lineer: 3 }] } },
      { dropout: 1 },
      { atention: 4 },
    ];
    expect(await userErrorsOf(layers(wrong))).toMatchInlineSnapshot(`
      [
        "layers[0].conv.kernal: "kernal" is not an option of conv. Did you mean "kernel"? [NETWORK_LAYER]",
        "layers[1]: Item 2 takes one of the words batchnorm, flatten, gap, leakyrelu, relu, sigmoid, tanh, other kinds with their options, not the text "rellu". Did you mean "relu"? [NETWORK_LAYER]",
        "layers[2].maxpool: "maxpool" takes a whole number of at least 1, not the number 0. [NETWORK_LAYER]",
        "layers[3].linear: "linear" takes a whole number of at least 1 or a mapping with outputs, not the text "64". [NETWORK_LAYER]",
        "layers[4]: Item 5 takes exactly 1 kind, not 2. [NETWORK_LAYER]",
        "layers[5]: Item 6 takes one of the words batchnorm, flatten, gap, leakyrelu, relu, sigmoid, tanh, other kinds with their options, not the text "conv". [NETWORK_LAYER]",
        "layers[6].residual.layers[0].lineer: "lineer" is not a kind of layer. Did you mean "linear"? [NETWORK_LAYER]",
        "layers[7].dropout: "dropout" takes a number of at least 0 and below 1, not the number 1. [NETWORK_LAYER]",
        "layers[8].atention: "atention" is not a kind of layer. Known: avgpool, batchnorm, conv, dropout, flatten, gap, leakyrelu, linear, maxpool, relu, sigmoid, tanh, residual. [NETWORK_LAYER]",
      ]
    `);
  });
});

describe('layers that do not fit', () => {
  test('a kernel larger than its image', async () => {
    expect(
      await userErrorsOf(layers(['gap', { conv: { filters: 4, kernel: 3 } }, { linear: 10 }])),
    ).toMatchInlineSnapshot(`
      [
        "layer 2, conv1: a window of 3×3 does not fit into its input [1, 1, 1]. Use a smaller kernel, more padding, or fewer layers that shrink the image before it. The network's input is [1, 28, 28]. [NETWORK_SHAPE]",
      ]
    `);
  });

  test('a pooling after linear', async () => {
    expect(await userErrorsOf(layers([{ linear: 10 }, { maxpool: 2 }]))).toMatchInlineSnapshot(`
      [
        "layer 2, pool1: it needs an image [C, H, W], but gets [10]. Put it before flatten and linear layers, or give the data a shape. The network's input is [1, 28, 28]. [NETWORK_SHAPE]",
      ]
    `);
    expect(await userErrorsOf(layers([{ linear: 10 }, 'gap']))).toMatchInlineSnapshot(`
      [
        "layer 2, gap1: it needs an image [C, H, W], but gets [10]. Put it before flatten and linear layers. The network's input is [1, 28, 28]. [NETWORK_SHAPE]",
      ]
    `);
  });

  test('groups that do not divide', async () => {
    const list = [{ conv: { filters: 6, kernel: 1 } }, { conv: { filters: 8, kernel: 1, groups: 4 } }, { linear: 10 }];
    expect(await userErrorsOf(layers(list))).toMatchInlineSnapshot(`
      [
        "layer 2, conv2: 4 groups do not divide its 6 input channels [6, 28, 28] and 8 filters. Choose groups that divide both. The network's input is [1, 28, 28]. [NETWORK_SHAPE]",
      ]
    `);
  });

  test('padding as wide as the window of a pooling', async () => {
    expect(await userErrorsOf(layers([{ maxpool: { kernel: 2, pad: 2 } }, { linear: 10 }]))).toMatchInlineSnapshot(`
      [
        "layer 1, pool1: padding 2, 2, 2, 2 is as wide as its window. Use less padding. The network's input is [1, 28, 28]. [NETWORK_SHAPE]",
      ]
    `);
  });

  test('a residual block that changes the shape under an identity', async () => {
    const inner = [{ conv: { filters: 8, kernel: 3 } }];
    const identity = layers([{ residual: { layers: inner, shortcut: 'identity' } }, { linear: 10 }]);
    expect(await userErrorsOf(identity)).toMatchInlineSnapshot(`
      [
        "layer 1, add1: its layers turn [1, 28, 28] into [8, 26, 26], and the shortcut cannot follow. Let them keep the shape, or shrink the image by a whole stride with another shortcut than identity. The network's input is [1, 28, 28]. [NETWORK_SHAPE]",
      ]
    `);
    // 28 → 26 is no whole stride.
    expect(await userErrorsOf(layers([{ residual: { layers: inner } }, { linear: 10 }]))).toMatchInlineSnapshot(`
      [
        "layer 1, add1: its layers turn [1, 28, 28] into [8, 26, 26], and the shortcut cannot follow. Let them keep the shape, or shrink the image by a whole stride with another shortcut than identity. The network's input is [1, 28, 28]. [NETWORK_SHAPE]",
      ]
    `);
  });

  test('a misfit inside a residual block is named with both positions', async () => {
    const inner = ['relu', { conv: { filters: 8, kernel: 40 } }];
    expect(await userErrorsOf(layers(['relu', { residual: { layers: inner } }]))).toMatchInlineSnapshot(`
      [
        "layer 2.2, conv1: a window of 40×40 does not fit into its input [1, 28, 28]. Use a smaller kernel, more padding, or fewer layers that shrink the image before it. The network's input is [1, 28, 28]. [NETWORK_SHAPE]",
      ]
    `);
  });

  test('two layers of one name', async () => {
    const list = [{ linear: { outputs: 5, name: 'a' } }, { linear: { outputs: 10, name: 'a' } }];
    expect(await userErrorsOf(layers(list))).toMatchInlineSnapshot(`
      [
        "Two layers are named "a". Rename one of them. [NETWORK_NAME]",
      ]
    `);
  });

  test('other outputs than the data has classes', async () => {
    expect(await userErrorsOf(layers([{ linear: 5 }]))).toMatchInlineSnapshot(`
      [
        "The list of layers gives 5 outputs, but the data asks for 10: shape [batch, 10]. Let the last layer have one output for each class (or value to regress). [NETWORK_OUTPUTS]",
      ]
    `);
    expect(await userErrorsOf(layers([{ conv: { filters: 10, kernel: 3 } }]))).toMatchInlineSnapshot(`
      [
        "The list of layers gives an output of shape [batch, 10, 26, 26], but the data asks for 10: shape [batch, 10]. Let the last layer have one output for each class (or value to regress). [NETWORK_OUTPUTS]",
      ]
    `);
  });
});
