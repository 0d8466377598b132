import type { GraphBuilder, Value } from '../onnx/builder.js';
import { intsAttribute, type Node } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { dimsOf, isSameShape, pad, reshape, transpose } from './emit.js';
import { type ChooseLowering, keyOfWindow, type LoweringQuestion, wayOf } from './lowerings/choice.js';
import { bestRows, rowsFromChannels, widenKernel } from './lowerings/rows-as-channels.js';
import { groupOf, padsOf, type SpatialSizes } from './window.js';

/**
 * Rewrites the convolutions of a finished training graph so that they run on onnxruntime's channel-blocked kernels,
 * 1.3 to 2.5 times as fast. onnxruntime does this by itself for constant weights only, which a training graph has none of.
 * Values keep their names; results differ by rounding. Gradients must be built before: the kernels have no rules.
 * @param block channels per block, from `probeChannelBlock`
 * @param choose overrules which are rewritten
 * @returns how many convolutions were rewritten
 */
export function blockConvolutions(b: GraphBuilder, block: number, choose?: ChooseLowering): number {
  const nodes = b.graph.nodes.splice(0);
  const reordered = new Map<string, Value>();
  let count = 0;
  for (const node of nodes) {
    if (node.opType === 'ReorderInput') reordered.set(node.inputs[0]!, b.value(node.outputs[0]!));
    const problem = problemOf(b, node, block);
    const way = problem === null ? 'standard' : wayOf(questionOf(node, problem), choose);
    if (problem === null || way === 'standard') {
      b.graph.nodes.push(node);
      continue;
    }
    EMIT[way as keyof typeof EMIT](b, problem, reordered, [node.outputs[0]!]);
    count++;
  }
  return count;
}

interface Problem {
  readonly block: number;
  readonly x: Value;
  readonly w: Value;
  readonly bias: Value | null;
  readonly isDepthwise: boolean;
  /** Fewer channels than a block: the kernel reads them as they are. */
  readonly readsDirectly: boolean;
  readonly sizes: SpatialSizes;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Rows that are best computed at once, see `bestRows`. */
  readonly rows: number;
  /** [top, left], [bottom, right] */
  readonly pads: ReturnType<typeof padsOf>;
  readonly pays: boolean;
}

/** The convolution, if the kernels can compute it; else null. */
function problemOf(b: GraphBuilder, node: Node, block: number): Problem | null {
  if (node.opType !== 'Conv' || node.domain !== '') return null;
  const [x, w, bias] = node.inputs.map((name) => (name === '' ? null : b.value(name))) as [Value, Value, Value | null];
  const y = b.value(node.outputs[0]!);
  if (![x, w, y].every(isStaticImage) || x.dataType !== 'float32') return null;
  const [, channels, ...input] = dimsOf(x) as [number, number, ...number[]];
  const [outputs, perGroup, ...kernel] = dimsOf(w) as [number, number, ...number[]];
  const groups = groupOf(node);
  const isDepthwise = groups > 1 && perGroup === 1 && outputs === groups;
  if (groups > 1 && !isDepthwise) return null;
  const readsDirectly = !isDepthwise && channels < block;
  // ReorderInput takes multiples of 4 channels.
  if (!readsDirectly && channels % 4 !== 0) return null;
  const sizes = { input, output: dimsOf(y).slice(2), kernel };
  const strides = intsAttribute(node, 'strides') ?? kernel.map(() => 1);
  const dilations = intsAttribute(node, 'dilations') ?? kernel.map(() => 1);
  const hasWideForm = !isDepthwise && dilations[0] === 1;
  return {
    block,
    x,
    w,
    bias: bias ?? null,
    isDepthwise,
    readsDirectly,
    sizes,
    strides,
    dilations,
    rows: hasWideForm
      ? bestRows({ outputs, block, height: sizes.output[0]!, kernel: kernel[0]!, stride: strides[0]! })
      : 1,
    pads: padsOf(node, sizes),
    pays: sizeOf(kernel) > 1 && (isDepthwise || pays(channels, outputs, block)),
  };
}

function questionOf(node: Node, problem: Problem): LoweringQuestion {
  const { x, w, bias, isDepthwise, sizes, strides, dilations, pads, rows } = problem;
  const operands = { x, w, ...(bias === null ? {} : { bias }) };
  const window = { kernel: sizes.kernel, strides, dilations, begin: pads.begin };
  const blocked = rows > 1 ? 'blockedRows' : 'blocked';
  return {
    key: keyOfWindow('convolution', operands, window, isDepthwise ? dimsOf(w)[0]! : 1),
    ways: [...(rows > 1 ? ['blockedRows'] : []), 'blocked', 'standard'],
    usual: problem.pays ? blocked : 'standard',
    operands,
    emit(b, given, way) {
      const same = { ...problem, bias: null, ...(given as typeof operands) };
      if (way !== 'standard') return EMIT[way as keyof typeof EMIT](b, same, new Map());
      return b.op('Conv', Object.values(given), Object.fromEntries(node.attributes));
    },
  };
}

function isStaticImage({ shape }: Value): boolean {
  return shape?.length === 4 && shape.every((dim) => typeof dim === 'number');
}

/**
 * Channels are filled up to whole blocks: a quarter of wasted work is the most that the faster kernel makes up for.
 * Kernels of 1 (above) and single channels gain nothing.
 */
function pays(channels: number, outputs: number, block: number): boolean {
  const used = outputs / roundUp(outputs, block);
  if (channels < block) return channels > 1 && (outputs <= block || used >= 0.75);
  return used * (channels / roundUp(channels, block)) >= 0.75;
}

function roundUp(count: number, block: number): number {
  return Math.ceil(count / block) * block;
}

/** @param names of the output; made up if left out */
type Emit = (b: GraphBuilder, problem: Problem, reordered: Map<string, Value>, names?: readonly string[]) => Value;

const emitRows: Emit = (b, problem, reordered, names) => {
  const { x, w, bias, rows, sizes, strides } = problem;
  const [stride, ...otherStrides] = strides as [number, ...number[]];
  const wide = widenKernel(b, { w, bias, rows, stride });
  const kernel = dimsOf(wide.w).slice(2);
  const y = emit(
    b,
    { ...problem, ...wide, sizes: { ...sizes, kernel }, strides: [rows * stride, ...otherStrides] },
    reordered,
  );
  return rowsFromChannels(b, y, { dims: [dimsOf(x)[0]!, dimsOf(w)[0]!, ...sizes.output], rows, names });
};

const emit: Emit = (b, problem, reordered, names) => {
  const { block, x, w, bias, isDepthwise, readsDirectly, sizes, strides, dilations, pads } = problem;
  const outputs = dimsOf(w)[0]!;
  const filled = roundUp(outputs, block);
  const result = b.op(
    'Conv',
    [
      readsDirectly ? x : reorderInput(b, x, reordered),
      isDepthwise || readsDirectly ? outputBlocks(b, w, block) : inputAndOutputBlocks(b, w, block),
      bias === null ? null : pad(b, bias, { begin: [0], end: [filled - outputs] }),
    ],
    {
      kernel_shape: sizes.kernel,
      strides,
      dilations,
      pads: [...pads.begin, ...pads.end],
      group: isDepthwise ? filled : 1,
    },
    { domain: DOMAIN },
  );
  const options = { domain: DOMAIN, ...(names === undefined ? {} : { outputs: names }) };
  return b.op('ReorderOutput', [result], { channels: outputs }, options);
};

const EMIT = { blocked: emit, blockedRows: emitRows } as const;

const DOMAIN = 'com.microsoft.nchwc';

function reorderInput(b: GraphBuilder, x: Value, reordered: Map<string, Value>): Value {
  const known = reordered.get(x.name);
  if (known !== undefined) return known;
  const value = b.op('ReorderInput', [x], {}, { domain: DOMAIN });
  reordered.set(x.name, value);
  return value;
}

/** [O, C, kh, kw] with the output channels of a block innermost. */
function outputBlocks(b: GraphBuilder, w: Value, block: number): Value {
  const [outputs, channels, ...kernel] = dimsOf(w) as [number, number, ...number[]];
  const filled = roundUp(outputs, block);
  const whole = padTo(b, w, [filled, channels, ...kernel]);
  return reshape(b, outputsInnermost(b, whole, block), [filled, channels, ...kernel]);
}

/** [O, C, kh, kw] with a block of input channels, and in it a block of output channels, innermost. */
function inputAndOutputBlocks(b: GraphBuilder, w: Value, block: number): Value {
  const [outputs, channels, ...kernel] = dimsOf(w) as [number, number, ...number[]];
  const [o, c] = [roundUp(outputs, block), roundUp(channels, block)];
  const whole = padTo(b, w, [o, c, ...kernel]);
  const parts = reshape(b, outputsInnermost(b, whole, block), [o / block, c / block, block, sizeOf(kernel), block]);
  return reshape(b, transpose(b, parts, [0, 1, 3, 2, 4]), [o, c, ...kernel]);
}

/** The numbers of an output as the pixels of an image, its blocks as samples: onnxruntime turns such four times as fast as by Transpose. */
function outputsInnermost(b: GraphBuilder, w: Value, block: number): Value {
  const outputs = dimsOf(w)[0]!;
  const images = reshape(b, w, [outputs / block, block, sizeOf(dimsOf(w)) / outputs, 1]);
  return b.op('ReorderInput', [images], {}, { domain: DOMAIN });
}

function padTo(b: GraphBuilder, x: Value, dims: readonly number[]): Value {
  if (isSameShape(dimsOf(x), dims)) return x;
  return pad(b, x, { begin: dims.map(() => 0), end: dims.map((dim, axis) => dim - dimsOf(x)[axis]!) });
}
