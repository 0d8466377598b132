import { describe, expect, it } from 'vitest';
import {
  chooseWeightGradient,
  WEIGHT_GRADIENTS,
  type WeightGradientName,
} from '../../../src/autodiff/lowerings/conv-weight-gradient/index.js';
import { probeChannelBlock } from '../../../src/autodiff/probe-channel-block.js';
import { makeWindow } from '../../../src/autodiff/window.js';
import { GraphBuilder } from '../../../src/onnx/builder.js';
import { sizeOf } from '../../../src/onnx/tensor.js';
import { floatFeed, Session } from '../../../src/runtime/session.js';
import { normal } from '../../support/gradcheck.js';
import { expectClose } from '../../support/gradient-vectors.js';

interface Shape {
  readonly image: readonly [number, number, number, number];
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly stride?: number;
  readonly dilation?: number;
  readonly pad?: number;
  readonly groups?: number;
}

const STRIDE_1: readonly Shape[] = [
  { image: [2, 3, 6, 7], channels: 4, kernel: [3, 3] },
  { image: [2, 2, 6, 6], channels: 4, kernel: [3, 2], pad: 1 },
  { image: [1, 2, 8, 7], channels: 2, kernel: [3, 3], dilation: 2, pad: 1 },
  { image: [2, 4, 5, 5], channels: 6, kernel: [3, 3], groups: 2, pad: 1 },
  { image: [2, 3, 4, 4], channels: 2, kernel: [1, 1] },
  // Most of the kernel sees padding only.
  { image: [2, 3, 1, 2], channels: 2, kernel: [3, 5], pad: 2 },
];
const STRIDED: readonly Shape[] = [
  { image: [2, 3, 8, 8], channels: 4, kernel: [3, 3], stride: 2 },
  { image: [1, 4, 9, 9], channels: 4, kernel: [2, 3], stride: 3, pad: 1, groups: 2 },
];
const DEPTHWISE: readonly Shape[] = [
  { image: [1, 2, 8, 9], channels: 4, kernel: [2, 3], stride: 3, dilation: 2, groups: 2 },
  { image: [2, 3, 6, 6], channels: 3, kernel: [3, 3], pad: 1, groups: 3 },
  { image: [2, 3, 6, 6], channels: 6, kernel: [3, 3], stride: 2, groups: 3 },
];

/** Outputs that fill no whole block, several groups of images, an image that the window does not read to its end. */
const AS_KERNEL: readonly Shape[] = [
  ...STRIDE_1.filter(({ groups }) => groups === undefined),
  STRIDED[0]!,
  { image: [32, 3, 9, 8], channels: 18, kernel: [3, 3], stride: 2, pad: 1 },
  { image: [4, 2, 32, 32], channels: 34, kernel: [2, 5], dilation: 2, pad: 2 },
];

/** More than a cache holds: computed in several chunks of images. */
const LARGE: Shape = { image: [16, 3, 32, 32], channels: 6, kernel: [5, 5] };

/** Which shapes each way has to get right; all are compared with the sum written out below. */
const COVERAGE: Readonly<Record<WeightGradientName, readonly Shape[]>> = {
  batchAsGroups: DEPTHWISE,
  gradientAsKernel: AS_KERNEL,
  im2col: [...STRIDE_1, ...STRIDED, ...DEPTHWISE],
  rows: [...STRIDE_1, DEPTHWISE[1]!],
  separableShift: [...STRIDE_1, DEPTHWISE[1]!, LARGE],
  tap: [...STRIDE_1, ...STRIDED, ...DEPTHWISE],
};

describe('ways to compute the weight gradient of a convolution', () => {
  for (const [name, shapes] of Object.entries(COVERAGE) as [WeightGradientName, readonly Shape[]][]) {
    for (const shape of shapes) {
      it(`${name} equals the defining sum for ${JSON.stringify(shape)}`, async () => {
        const { window, dyDims, groups } = parts(shape);
        const block = await probeChannelBlock();
        // What it is made of exists only where the CPU has such kernels.
        if (name === 'gradientAsKernel' && block === null) return;
        const x = normal(...shape.image) as { dims: number[]; data: Float32Array };
        const dy = normal(...dyDims) as { dims: number[]; data: Float32Array };
        const b = new GraphBuilder();
        const result = WEIGHT_GRADIENTS[name](b, {
          x: b.input('x', 'float32', x.dims),
          dy: b.input('dy', 'float32', dy.dims),
          window,
          groups,
          block,
        });
        expect(result.shape).toEqual([shape.channels, shape.image[1] / groups, ...shape.kernel]);
        b.output(result, 'dw');
        const session = await Session.create(b.build());
        const { dw } = await session.run({ x: floatFeed(x.data, x.dims), dy: floatFeed(dy.data, dy.dims) });
        await session.release();
        expectClose(dw!.data as Float32Array, definingSum(shape, x.data, dy.data), 1e-5, 'dW');
      });
    }
  }

  it.each([
    ['depthwise', { image: [64, 64, 16, 16], channels: 64, kernel: [3, 3], pad: 1, groups: 64 }, 'tap'],
    [
      'depthwise with strides',
      { image: [64, 64, 16, 16], channels: 64, kernel: [3, 3], stride: 2, pad: 1, groups: 64 },
      'batchAsGroups',
    ],
    [
      'depthwise with a large kernel',
      { image: [64, 96, 14, 14], channels: 96, kernel: [5, 5], pad: 2, groups: 96 },
      'batchAsGroups',
    ],
    ['a kernel of 1', { image: [64, 32, 16, 16], channels: 64, kernel: [1, 1] }, 'tap'],
    ['one channel', { image: [64, 1, 28, 28], channels: 20, kernel: [5, 5] }, 'im2col'],
    ['strides with few channels', { image: [64, 3, 32, 32], channels: 16, kernel: [3, 3], stride: 2 }, 'im2col'],
    ['strides with many channels', { image: [64, 16, 32, 32], channels: 32, kernel: [3, 3], stride: 2 }, 'tap'],
    ['many channels', { image: [64, 64, 8, 8], channels: 64, kernel: [3, 3], pad: 1 }, 'rows'],
    ['the second layer of LeNet', { image: [64, 6, 14, 14], channels: 16, kernel: [5, 5] }, 'rows'],
    ['few channels into many', { image: [64, 3, 32, 32], channels: 16, kernel: [3, 3], pad: 1 }, 'rows'],
    ['the first layer of LeNet', { image: [64, 3, 32, 32], channels: 6, kernel: [5, 5] }, 'separableShift'],
  ] as [string, Shape, WeightGradientName][])('chooses by shape: %s', (_, shape, expected) => {
    const { window, dyDims, groups } = parts(shape);
    const b = new GraphBuilder();
    const problem = {
      x: b.input('x', 'float32', shape.image),
      dy: b.input('dy', 'float32', dyDims),
      window,
      groups,
      block: null,
    };
    expect(chooseWeightGradient(problem)).toBe(expected);
  });

  it.each([
    ['whole blocks', { image: [64, 16, 32, 32], channels: 16, kernel: [3, 3], pad: 1 }, 'gradientAsKernel'],
    ['strides', { image: [64, 16, 32, 32], channels: 32, kernel: [3, 3], stride: 2 }, 'gradientAsKernel'],
    [
      'a last block that is nearly empty',
      { image: [64, 20, 12, 12], channels: 50, kernel: [5, 5] },
      'gradientAsKernel',
    ],
    ['mostly empty blocks', { image: [64, 3, 32, 32], channels: 6, kernel: [5, 5] }, 'separableShift'],
    ['a kernel of 1', { image: [64, 32, 16, 16], channels: 64, kernel: [1, 1] }, 'tap'],
    ['images beside whole blocks', { image: [50, 64, 8, 8], channels: 64, kernel: [3, 3], pad: 1 }, 'rows'],
    ['groups', { image: [64, 32, 16, 16], channels: 32, kernel: [3, 3], pad: 1, groups: 2 }, 'separableShift'],
  ] as [string, Shape, WeightGradientName][])(
    'chooses by shape where convolutions are computed in blocks of 16 channels: %s',
    (_, shape, expected) => {
      const { window, dyDims, groups } = parts(shape);
      const b = new GraphBuilder();
      const x = b.input('x', 'float32', shape.image);
      const dy = b.input('dy', 'float32', dyDims);
      expect(chooseWeightGradient({ x, dy, window, groups, block: 16 })).toBe(expected);
    },
  );
});

function parts({ image, channels, kernel, stride = 1, dilation = 1, pad = 0, groups = 1 }: Shape) {
  const input = image.slice(2);
  const output = kernel.map((size, axis) =>
    Math.floor((input[axis]! + 2 * pad - (size - 1) * dilation - 1) / stride + 1),
  );
  const window = makeWindow({
    kernel,
    strides: [stride, stride],
    dilations: [dilation, dilation],
    begin: [pad, pad],
    input,
    output,
  });
  return { window, dyDims: [image[0], channels, ...output], groups };
}

/** dW[o, c, i, j] = Σ_n Σ_p Σ_q dy[n, o, p, q] · x[n, c, p·s + i·d − pad, q·s + j·d − pad] */
function definingSum(shape: Shape, x: Float32Array, dy: Float32Array): Float64Array {
  const { image, channels, kernel, stride = 1, dilation = 1, pad = 0, groups = 1 } = shape;
  const [n, c, h, w] = image;
  const [, , oh, ow] = parts(shape).dyDims as [number, number, number, number];
  const perGroup = c / groups;
  const dw = new Float64Array(sizeOf([channels, perGroup, ...kernel]));
  let at = 0;
  for (let o = 0; o < channels; o++) {
    const first = Math.floor(o / (channels / groups)) * perGroup;
    for (let k = 0; k < perGroup; k++) {
      for (let i = 0; i < kernel[0]; i++) {
        for (let j = 0; j < kernel[1]; j++, at++) {
          for (let m = 0; m < n; m++) {
            for (let p = 0; p < oh; p++) {
              for (let q = 0; q < ow; q++) {
                const row = p * stride + i * dilation - pad;
                const column = q * stride + j * dilation - pad;
                if (row < 0 || row >= h || column < 0 || column >= w) continue;
                dw[at]! +=
                  dy[((m * channels + o) * oh + p) * ow + q]! * x[((m * c + first + k) * h + row) * w + column]!;
              }
            }
          }
        }
      }
    }
  }
  return dw;
}
