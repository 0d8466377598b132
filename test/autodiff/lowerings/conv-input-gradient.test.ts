import { describe, expect, it } from 'vitest';
import { chooseInputGradient, INPUT_GRADIENTS } from '../../../src/autodiff/lowerings/conv-input-gradient/index.js';
import { makeWindow, type Window } from '../../../src/autodiff/window.js';
import { GraphBuilder } from '../../../src/onnx/builder.js';
import { sizeOf } from '../../../src/onnx/tensor.js';
import { floatFeed, Session } from '../../../src/runtime/session.js';
import { normal } from '../../support/gradcheck.js';
import { expectClose } from '../../support/gradient-vectors.js';

const SHAPES = [
  { image: [2, 3, 6, 7], weight: [4, 3, 3, 3], pad: 1, dilation: 1, groups: 1 },
  { image: [1, 2, 7, 7], weight: [4, 2, 3, 2], pad: 0, dilation: 1, groups: 1 },
  { image: [1, 4, 7, 7], weight: [6, 2, 3, 3], pad: 2, dilation: 2, groups: 2 },
];

describe('ways to compute the input gradient of a convolution', () => {
  // ⟨dy, conv(x, w)⟩ is linear in x, so its gradient dx satisfies ⟨dx, x⟩ = ⟨dy, conv(x, w)⟩ for every x.
  it.each(SHAPES)('flipped and transposed agree, and are adjoint to the convolution, for %j', async (shape) => {
    const window = windowFor(shape);
    const dims = { x: shape.image, w: shape.weight, dy: [shape.image[0]!, shape.weight[0]!, ...window.output] };
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', dims.x);
    const w = b.input('w', 'float32', dims.w);
    const dy = b.input('dy', 'float32', dims.dy);
    const problem = { dy, w, window, groups: shape.groups };
    b.output(INPUT_GRADIENTS.flipped(b, problem), 'flipped');
    b.output(INPUT_GRADIENTS.transposed(b, problem), 'transposed');
    const { begin, end, dilations } = window;
    b.output(b.op('Conv', [x, w], { pads: [...begin, ...end], dilations, group: shape.groups }), 'y');
    const feeds = Object.fromEntries(
      Object.entries(dims).map(([name, list]) => {
        const { data } = normal(...list) as { data: Float32Array };
        return [name, floatFeed(data, list)];
      }),
    );
    const session = await Session.create(b.build());
    const results = await session.run(feeds);
    await session.release();
    const [flipped, transposed] = [results.flipped!.data as Float32Array, results.transposed!.data as Float32Array];
    expectClose(flipped, transposed, 1e-6, 'flipped against transposed');
    expectClose([dot(flipped, feeds.x!.data)], [dot(feeds.dy!.data, results.y!.data)], 1e-5, 'inner product');
  });

  it.each([
    ['a row and a column that no output saw', { input: [7, 8], kernel: [2, 3], strides: [2, 3], output: [3, 2] }],
    ['more of them than ConvTranspose adds', { input: [9, 8], kernel: [2, 2], strides: [2, 2], output: [3, 4] }],
  ])('transposed gives zeros for %s', async (_, { input, kernel, strides, output }) => {
    const window = makeWindow({ kernel, strides, dilations: [1, 1], begin: [0, 0], input, output });
    const b = new GraphBuilder();
    const [dyDims, wDims] = [
      [1, 1, ...output],
      [1, 1, ...kernel],
    ];
    const problem = { dy: b.input('dy', 'float32', dyDims), w: b.input('w', 'float32', wDims), window, groups: 1 };
    b.output(INPUT_GRADIENTS.transposed(b, problem), 'dx');
    const session = await Session.create(b.build());
    const ones = (dims: number[]) => floatFeed(new Float32Array(sizeOf(dims)).fill(1), dims);
    const { dx } = await session.run({ dy: ones(dyDims), w: ones(wDims) });
    await session.release();
    // With ones everywhere, dx counts the windows that see an element.
    const seen = (axis: number, at: number) =>
      Array.from({ length: output[axis]! }, (_, p) => at - p * strides[axis]!).filter(
        (k) => k >= 0 && k < kernel[axis]!,
      ).length;
    const expected = Array.from(
      { length: sizeOf(input) },
      (_, i) => seen(0, Math.floor(i / input[1]!)) * seen(1, i % input[1]!),
    );
    expect([...(dx!.data as Float32Array)]).toEqual(expected);
  });

  it('turns the kernel only for small padded kernels of stride 1 with enough channels', () => {
    const choose = (channels: number, changes: Partial<Window> = {}, groups = 1) => {
      const b = new GraphBuilder();
      const shape = { image: [1, channels, 8, 8], weight: [16, channels / groups, 3, 3], pad: 1, dilation: 1, groups };
      const window = { ...windowFor(shape), ...changes };
      return chooseInputGradient({
        dy: b.input('dy', 'float32', [1, 16, 8, 8]),
        w: b.input('w', 'float32', shape.weight),
        window,
        groups,
      });
    };
    expect(choose(16)).toBe('flipped');
    expect(choose(16, {}, 16)).toBe('flipped');
    expect(choose(3)).toBe('transposed');
    expect(choose(16, { strides: [2, 2] })).toBe('transposed');
    expect(choose(16, { begin: [0, 0] })).toBe('transposed');
    expect(choose(16, { kernel: [5, 5] })).toBe('transposed');
    expect(choose(16, { kernel: [1, 1], begin: [0, 0], end: [0, 0] })).toBe('flipped');
  });
});

function windowFor({ image, weight, pad, dilation }: (typeof SHAPES)[number]) {
  const input = image.slice(2);
  const kernel = weight.slice(2);
  return makeWindow({
    kernel,
    strides: [1, 1],
    dilations: [dilation, dilation],
    begin: [pad, pad],
    input,
    output: input.map((size, axis) => size + 2 * pad - (kernel[axis]! - 1) * dilation),
  });
}

function dot(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Number(a[i]) * Number(b[i]);
  return sum;
}
