import { describe, expect, it } from 'vitest';
import { blockConvolutions, buildBackward, probeChannelBlock } from '../../src/autodiff/index.js';
import { type AttributeInput, GraphBuilder } from '../../src/onnx/builder.js';
import { intsAttribute } from '../../src/onnx/ir.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import { normal } from '../support/gradcheck.js';
import { expectClose } from '../support/gradient-vectors.js';

interface Shape {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
}

const REWRITTEN: Readonly<Record<string, Shape>> = {
  'few channels, read as they are': { x: [2, 3, 8, 8], w: [6, 3, 5, 5] },
  'whole blocks': { x: [2, 16, 6, 6], w: [32, 16, 3, 3], attributes: { pads: [1, 1, 1, 1] } },
  'channels filled up to whole blocks': { x: [1, 28, 5, 5], w: [30, 28, 3, 3], attributes: { strides: [2, 2] } },
  dilations: { x: [1, 16, 9, 9], w: [16, 16, 3, 3], attributes: { dilations: [2, 2], pads: [2, 1, 0, 2] } },
  SAME_UPPER: { x: [1, 16, 7, 7], w: [16, 16, 2, 2], attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] } },
  depthwise: { x: [2, 20, 6, 6], w: [20, 1, 3, 3], attributes: { group: 20, pads: [1, 1, 1, 1] } },
};

const FEW_OUTPUTS: Readonly<Record<string, Shape>> = {
  'two outputs, padded': { x: [2, 3, 8, 8], w: [2, 3, 3, 3], attributes: { pads: [1, 1, 1, 1] } },
  'strides that leave a row unread': {
    x: [1, 16, 12, 7],
    w: [3, 16, 3, 2],
    attributes: { strides: [2, 2], pads: [0, 0, 0, 1] },
  },
  'three rows': { x: [1, 4, 5, 6], w: [5, 4, 3, 3] },
};

const LEFT_ALONE: Readonly<Record<string, Shape>> = {
  'a kernel of 1': { x: [2, 16, 6, 6], w: [16, 16, 1, 1] },
  'a single channel': { x: [2, 1, 8, 8], w: [16, 1, 3, 3] },
  'mostly empty blocks': { x: [2, 20, 6, 6], w: [20, 20, 3, 3] },
  groups: { x: [2, 32, 6, 6], w: [32, 16, 3, 3], attributes: { group: 2 } },
  'one spatial axis': { x: [2, 16, 6], w: [16, 16, 3] },
};

/** Possible, but not thought to be faster. */
const BY_CHOICE: Readonly<Record<string, Shape>> = {
  'a kernel of 1': LEFT_ALONE['a kernel of 1']!,
  'a single channel': LEFT_ALONE['a single channel']!,
  'mostly empty blocks': LEFT_ALONE['mostly empty blocks']!,
};

/** The convolution and its gradients, with or without the rewriting. */
function graph({ x, w, attributes }: Shape, channelBlock: number | null = null) {
  const b = new GraphBuilder();
  const inputs = [b.input('x', 'float32', x), b.input('w', 'float32', w), b.input('bias', 'float32', [w[0]!])];
  const y = b.output(b.op('Conv', inputs, attributes ?? {}), 'y');
  const seed = b.input('seed', 'float32', y.shape!);
  const gradients = buildBackward(b, b.value('y'), inputs, { seed, channelBlock });
  gradients.forEach((gradient, index) => {
    b.output(gradient!, `gradient ${index}`);
  });
  return { b, seed: seed.shape as number[] };
}

function feed(dims: readonly number[]) {
  return floatFeed((normal(...dims) as { data: Float32Array }).data, dims);
}

async function expectSame(shape: Shape, rewrite: (b: GraphBuilder) => number, channelBlock: number | null = null) {
  const plain = graph(shape);
  const blocked = graph(shape, channelBlock);
  expect(rewrite(blocked.b)).toBeGreaterThan(0);
  const feeds = { x: feed(shape.x), w: feed(shape.w), bias: feed([shape.w[0]!]), seed: feed(plain.seed) };
  const results = [];
  for (const { b } of [plain, blocked]) {
    const session = await Session.create(b.build());
    results.push(await session.run(feeds));
    await session.release();
  }
  const [expected, actual] = results as [(typeof results)[number], (typeof results)[number]];
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const name of Object.keys(expected)) {
    expectClose(actual[name]!.data as Float32Array, expected[name]!.data as Float32Array, 1e-5, name);
  }
}

describe('blockConvolutions', () => {
  it.each(Object.entries(REWRITTEN))('gives the same results for %s', async (_, shape) => {
    const block = await probeChannelBlock();
    if (block === null) return;
    await expectSame(shape, (b) => blockConvolutions(b, block));
  });

  it.each(Object.entries(BY_CHOICE))('rewrites %s if told to, with the same results', async (_, shape) => {
    const block = await probeChannelBlock();
    if (block === null) return;
    await expectSame(shape, (b) => blockConvolutions(b, block, ({ ways }) => ways.find((way) => way === 'blocked')));
  });

  it.each(Object.entries(FEW_OUTPUTS))(
    'computes several rows at once for %s, with the same results',
    async (_, shape) => {
      const block = await probeChannelBlock();
      if (block === null) return;
      await expectSame(shape, (b) =>
        blockConvolutions(b, block, ({ ways }) => ways.find((way) => way === 'blockedRows')),
      );
    },
  );

  it('computes two rows of the first layer of LeNet at once, in a window that is a row higher', () => {
    const { b } = graph({ x: [2, 3, 32, 32], w: [6, 3, 5, 5] });
    blockConvolutions(b, 16);
    const node = b.graph.nodes.find(({ domain, opType }) => domain !== '' && opType === 'Conv')!;
    expect([intsAttribute(node, 'kernel_shape'), intsAttribute(node, 'strides')]).toEqual([
      [6, 5],
      [2, 1],
    ]);
  });

  it('leaves what it would rewrite alone if told to', () => {
    const { b } = graph(REWRITTEN['whole blocks']!);
    expect(blockConvolutions(b, 16, () => 'standard')).toBe(0);
  });

  it.each(Object.entries(LEFT_ALONE))('leaves %s alone', (_, { x, w, attributes }) => {
    const b = new GraphBuilder();
    b.op('Conv', [b.input('x', 'float32', x), b.input('w', 'float32', w)], attributes ?? {});
    expect(blockConvolutions(b, 16)).toBe(0);
    expect(b.graph.nodes.map(({ domain, opType }) => domain + opType)).toEqual(['Conv']);
  });

  it('reorders an image once for all convolutions that read it', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 16, 6, 6]);
    const y = ['w1', 'w2'].map((name) => b.op('Conv', [x, b.input(name, 'float32', [16, 16, 3, 3])]));
    b.op('Add', y);
    expect(blockConvolutions(b, 16)).toBe(2);
    const reordered = b.graph.nodes.filter(({ opType }) => opType === 'ReorderInput').map(({ inputs }) => inputs[0]);
    expect(reordered.filter((name) => name === 'x')).toHaveLength(1);
    expect(b.graph.nodes.at(-1)?.opType).toBe('Add');
  });
});

describe('a convolution whose gradients are computed in blocks', () => {
  it.each([
    ['padded', { x: [4, 16, 8, 8], w: [32, 16, 3, 3], attributes: { pads: [1, 1, 1, 1] } }],
    ['with strides', { x: [3, 8, 9, 9], w: [14, 8, 3, 3], attributes: { strides: [2, 2], pads: [1, 0, 0, 1] } }],
  ] as [string, Shape][])('has the same gradients, %s', async (_, shape) => {
    const block = await probeChannelBlock();
    if (block === null) return;
    await expectSame(shape, (b) => blockConvolutions(b, block), block);
  });

  it('has its gradient put into blocks once, for weights and image', () => {
    const { b } = graph(REWRITTEN['whole blocks']!, 16);
    blockConvolutions(b, 16);
    const reordered = b.graph.nodes.filter(({ opType }) => opType === 'ReorderInput').map(({ inputs }) => inputs[0]);
    expect(reordered.filter((name) => name === 'seed')).toHaveLength(1);
  });
});

describe('probeChannelBlock', () => {
  it('gives 8 or 16 channels, or null where there are no such kernels', async () => {
    expect([null, 8, 16]).toContain(await probeChannelBlock());
  });
});
