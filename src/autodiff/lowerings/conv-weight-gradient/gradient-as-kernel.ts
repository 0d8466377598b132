import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import { concat, dimsOf, filled, pad, reduceSum, reshape, transpose } from '../../emit.js';
import type { Window } from '../../window.js';
import { type ProblemSizes, sizesOf, type WeightGradient, type WeightGradientProblem } from './problem.js';

/**
 * On the channel-blocked kernels, over two spatial axes: a convolution whose images are the channels of x and whose kernel
 * is dy. It slides dy over x, so nothing is copied once for each position of the window; stride and dilation have exchanged their
 * roles. Blocked by channels, dy already lies as these kernels want their weights, and the convolution that gives the
 * gradient of x reads the same values. Several images are summed as input channels, the rest as groups behind it.
 */
export const gradientAsKernel: WeightGradient = (b, problem) => {
  const { window, block } = problem;
  const sizes = sizesOf(problem);
  const { n, c, o, weight } = sizes;
  if (block === null) throw new Error('internal: there are no channel-blocked kernels');
  const { kernel, strides, dilations, begin, end, output } = window;
  const whole = Math.ceil(o / block) * block;
  const images = imagesPerGroup(sizes, block);
  const groups = n / images;

  // ReorderInput takes multiples of 4 channels.
  const none = dimsOf(problem.dy).map(() => 0);
  const padded = pad(b, problem.dy, { begin: none, end: none.with(1, -o & 3) });
  const dy = b.op('ReorderInput', [padded], {}, BLOCKED);
  const parts = reshape(b, dy, [groups, images, whole / block, sizes.p * block]);
  // A single block of outputs stands in the right order already, and onnxruntime would copy all the same.
  const ordered = whole === block ? parts : transpose(b, parts, [0, 2, 1, 3]);
  const kernels = reshape(b, ordered, [groups * whole, images, ...output]);
  // A result at the edge of a padded image would be computed alone; so the few columns are padded before. Rows are computed one by one anyway.
  const x = withColumns(b, transpose(b, problem.x, [1, 0, 2, 3]), window);
  const perGroup = b.op(
    'Conv',
    [x, kernels],
    {
      kernel_shape: output,
      group: groups,
      strides: dilations,
      dilations: strides,
      pads: [begin[0]!, 0, Math.max(0, end[0]!), 0],
    },
    BLOCKED,
  );
  const sum = reduceSum(b, reshape(b, perGroup, [c, groups, whole, sizes.k]), [1]);
  const unblocked = b.op('ReorderOutput', [reshape(b, sum, [c, whole, ...kernel])], { channels: o }, BLOCKED);
  return reshape(b, transpose(b, reshape(b, unblocked, [c, o, sizes.k]), [1, 0, 2]), weight);
};

/** True where the kernels can compute it: they take input channels, here the images, below a block or in whole blocks. */
export function canTakeAsKernel({ x, window, groups, block }: WeightGradientProblem): boolean {
  const images = dimsOf(x)[0]!;
  return block !== null && (images < block || images % block === 0) && groups === 1 && window.kernel.length === 2;
}

/**
 * The largest divisor of n whose part of dy stays in the cache while all channels of x pass, below the number of input
 * channels from which the kernels want these in blocks as well.
 */
function imagesPerGroup({ n, o, p }: ProblemSizes, block: number): number {
  const bytes = 4 * p * Math.min(Math.ceil(o / block), FILTER_BLOCKS) * block;
  for (let images = Math.min(n, block - 1); images > 1; images--) {
    if (n % images === 0 && images * bytes <= CACHE_BYTES) return images;
  }
  return 1;
}

/** Columns of zeros beside x, in half the time of a Pad; and what no window reads taken off. */
function withColumns(b: GraphBuilder, x: Value, { begin, end }: Window): Value {
  const read = pad(b, x, { begin: [0, 0, 0, 0], end: [0, 0, ...end.map((amount) => Math.min(0, amount))] });
  const zeros = (count: number) => (count > 0 ? [filled(b, [...dimsOf(read).slice(0, 3), count], 0)] : []);
  return concat(b, [...zeros(begin[1]!), read, ...zeros(end[1]!)], 3);
}

// Blocks of outputs that the kernels compute at once.
const FILTER_BLOCKS = 4;
const CACHE_BYTES = 2 ** 18;

const BLOCKED = { domain: 'com.microsoft.nchwc' } as const;
