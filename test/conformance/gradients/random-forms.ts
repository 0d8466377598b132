import { sizeOf } from '../../../src/onnx/tensor.js';
import { type Draws, type Form, floats, intGrid, ints, type Operand } from './form.js';

type Make = (d: Draws) => Omit<Form, 'op'>;

/** Operators with many ways to be set; every call draws one of them. */
export const RANDOM_FORMS: Readonly<Record<string, Make>> = {
  Conv: (d) => convolution(d, false),
  ConvTranspose: (d) => convolution(d, true),
  MaxPool: (d) => pool(d, d.pick([8, 10, 12, 18]), { ceil_mode: d.between(0, 1) }),
  AveragePool: (d) =>
    pool(d, d.pick([10, 11, 18, 19, 21]), { ceil_mode: d.between(0, 1), count_include_pad: d.between(0, 1) }),
  Gemm(d) {
    const [n, k, m, transA, transB] = [...list(d, 3, 1, 4), ...list(d, 2, 0, 1)] as [
      number,
      number,
      number,
      number,
      number,
    ];
    const bias = d.pick([[], [1], [m], [n, 1], [1, m], [n, m]]);
    return {
      opset: d.pick([7, 9, 11, 13, 18]),
      operands: [d.normal(...(transA ? [k, n] : [n, k])), d.normal(...(transB ? [m, k] : [k, m])), d.normal(...bias)],
      attributes: { transA, transB, alpha: d.pick([1, 0.5, -2]), beta: d.pick([1, 0.25, 0]) },
    };
  },
  MatMul(d) {
    const [n, k, m] = list(d, 3, 1, 4) as [number, number, number];
    const batch = list(d, d.between(0, 2), 1, 3);
    const left = d.pick([[k], [n, k], [...narrower(d, batch), n, k], [...batch, n, k]]);
    const right = d.pick([[k], [k, m], [...narrower(d, batch), k, m], [...batch, k, m]]);
    return { opset: d.pick([7, 9, 13, 18]), operands: [d.normal(...left), d.normal(...right)] };
  },
  Einsum(d) {
    const [i, j, k, n] = list(d, 4, 1, 3) as [number, number, number, number];
    const [equation, ...shapes] = d.pick<[string, ...number[][]]>([
      ['...ij,...jk->...ik', [n, 2, i, j], [2, j, k]],
      ['...ij,...jk', [n, i, j], [n, j, k]],
      ['i...,i...->...', [i, j, k], [i, j, k]],
      ['b...d,d->b...', [n, i, j, k], [k]],
      ['...i->...', [n, 2, i]],
      ['...i->i', [n, 2, i]],
      ['i...j->j...i', [i, n, 2, j]],
      ['...,...->...', [n, i], [i]],
      ['bhid,bhjd->bhij', [n, 2, i, k], [n, 2, j, k]],
      ['ij,jk,kn->in', [i, j], [j, k], [k, n]],
      ['ij->', [i, j]],
      [' i j , j -> i ', [i, j], [j]],
      ['Ab,bA->A', [i, j], [j, i]],
      ['...ij,...kj->...ik', [1, i, j], [n, k, j]],
      ['...i,...i->...i', [n, i], [2, n, i]],
    ]);
    return { opset: d.pick([12, 18]), operands: shapes.map((shape) => d.normal(...shape)), attributes: { equation } };
  },
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Max', 'Min', 'Sum', 'Mean'].map((op) => [op, (d: Draws) => binary(d, op)]),
  ),
  Div: (d) => {
    const { operands, ...rest } = binary(d, 'Div');
    const divisor = operands[1] as { weight: { dims: readonly number[] } };
    return { ...rest, operands: [operands[0]!, d.positive(...divisor.weight.dims)] };
  },
  Pow(d) {
    const wide = dims(d);
    const exponent = d.pick<Operand>([
      floats([2], 1),
      floats([3], 1),
      floats([-1], 1),
      floats([0.5], 1),
      floats([1], 1),
      floats([0], 1),
      ints(2),
      ints(3),
      d.normal(...narrower(d, wide)),
    ]);
    return { opset: d.pick([12, 13, 18]), operands: [d.positive(...wide), exponent] };
  },
  Where(d) {
    const wide = dims(d);
    const [condition, x, y] = [narrower(d, wide), narrower(d, wide), wide];
    const truth = {
      constant: {
        dataType: 'bool' as const,
        dims: condition,
        bytes: Uint8Array.from(list(d, sizeOf(condition), 0, 1)),
      },
    };
    return {
      opset: d.pick([9, 16, 18]),
      operands: [
        truth,
        ...d
          .pick([
            [x, y],
            [y, x],
          ])
          .map((shape) => d.normal(...shape)),
      ],
    };
  },
  Clip(d) {
    const shape = dims(d);
    const limits = d.pick<Operand[]>([
      [],
      [floats([-0.16])],
      [null, floats([0.24])],
      [floats([-0.16]), floats([0.24])],
      [floats([0]), null],
    ]);
    return { opset: d.pick([11, 12, 13, 18]), operands: [d.distinct(...shape), ...limits] };
  },
  ...Object.fromEntries(
    ['Sum', 'Mean', 'Max', 'Min', 'L1', 'L2', 'SumSquare', 'LogSumExp', 'Prod', 'LogSum'].map((name) => [
      `Reduce${name}`,
      (d: Draws) => reduction(d, name),
    ]),
  ),
  Softmax: softmax,
  LogSoftmax: softmax,
  Concat(d) {
    const shape = dims(d);
    const axis = d.between(0, shape.length - 1);
    const parts = Array.from({ length: d.between(1, 3) }, () => d.normal(...shape.with(axis, d.between(0, 3))));
    return { opset: d.pick([7, 11, 13, 18]), operands: parts, attributes: { axis: signed(d, axis, shape.length) } };
  },
  Split(d) {
    const sizes = list(d, d.between(1, 3), 1, 3);
    const shape = dims(d);
    const axis = d.between(0, shape.length - 1);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const operand = d.normal(...shape.with(axis, total));
    const counts = { outputs: sizes.length, counted: d.between(1, sizes.length) };
    const common = { axis: signed(d, axis, shape.length) };
    const opset = d.pick([7, 11, 13, 18]);
    if (opset < 13) return { opset, operands: [operand], attributes: { ...common, split: sizes }, ...counts };
    if (opset === 18 && d.between(0, 1) === 1)
      return { opset, operands: [operand], attributes: { ...common, num_outputs: sizes.length }, ...counts };
    return { opset, operands: [operand, ints(...sizes)], attributes: common, ...counts };
  },
  Slice(d) {
    const shape = list(d, d.between(1, 4), 1, 5);
    const axes = someAxes(d, shape.length);
    const bound = () => d.pick([-9, -4, -3, -2, -1, 0, 1, 2, 3, 4, 9, 2 ** 31 - 1]);
    const [starts, ends] = [axes.map(bound), axes.map(bound)];
    const opset = d.pick([7, 9, 10, 11, 13, 18]);
    if (opset < 10) return { opset, operands: [d.normal(...shape)], attributes: { axes, starts, ends } };
    const steps = axes.map(() => d.pick([1, 2, 3, -1, -2]));
    const named = opset === 10 ? axes : axes.map((axis) => signed(d, axis, shape.length));
    return { opset, operands: [d.normal(...shape), ints(...starts), ints(...ends), ints(...named), ints(...steps)] };
  },
  Pad(d) {
    const shape = list(d, d.between(1, 4), 2, 4);
    const mode = d.pick(['constant', 'reflect', 'edge', 'wrap']);
    const opset = mode === 'wrap' ? 19 : d.pick([7, 10, 11, 13, 18, 19]);
    const amounts = (count: number) =>
      list(d, 2 * count, mode === 'constant' || mode === 'edge' ? -1 : 0, mode === 'reflect' ? 1 : 2);
    if (opset < 11) {
      const attributes = { mode, pads: amounts(shape.length), ...(mode === 'constant' ? { value: 0.5 } : {}) };
      return {
        opset,
        operands: [d.normal(...shape)],
        attributes: { ...attributes, value: { type: 'float', value: 0.5 } },
      };
    }
    if (opset < 18)
      return { opset, operands: [d.normal(...shape), ints(...amounts(shape.length))], attributes: { mode } };
    const axes = someAxes(d, shape.length).map((axis) => signed(d, axis, shape.length));
    const value = d.pick<Operand>([null, floats([1.5])]);
    return {
      opset,
      operands: [d.normal(...shape), ints(...amounts(axes.length)), value, ints(...axes)],
      attributes: { mode },
    };
  },
  Reshape(d) {
    const shape = dims(d);
    const size = sizeOf(shape);
    return {
      opset: d.pick([7, 13, 18]),
      operands: [d.normal(...shape), ints(...d.pick([[-1], [size], [1, -1], [0, -1], [size, 1, 1]]))],
    };
  },
  Flatten(d) {
    const shape = dims(d);
    const opset = d.pick([7, 9, 11, 13]);
    const axis = opset < 11 ? d.between(0, shape.length) : d.between(-shape.length, shape.length);
    return { opset, operands: [d.normal(...shape)], attributes: { axis } };
  },
  Squeeze(d) {
    const shape = [1, d.between(1, 3), 1, d.between(1, 3), 1];
    const axes = d.pick([undefined, [0], [2, 4], [0, 2, 4]]);
    const opset = d.pick([7, 11, 13, 18]);
    if (axes === undefined) return { opset, operands: [d.normal(...shape)] };
    if (opset < 13) return { opset, operands: [d.normal(...shape)], attributes: { axes } };
    return { opset, operands: [d.normal(...shape), ints(...axes.map((axis) => signed(d, axis, 5)))] };
  },
  Unsqueeze(d) {
    const shape = list(d, d.between(0, 3), 1, 3);
    const axes = d.pick([[0], [shape.length], [0, shape.length + 1]]);
    const opset = d.pick([7, 11, 13, 18]);
    if (opset < 13) return { opset, operands: [d.normal(...shape)], attributes: { axes } };
    return {
      opset,
      operands: [d.normal(...shape), ints(...axes.map((axis) => signed(d, axis, shape.length + axes.length)))],
    };
  },
  Transpose(d) {
    const shape = dims(d);
    const perm = [...d.random.permutation(shape.length)];
    return {
      opset: d.pick([7, 13, 18]),
      operands: [d.normal(...shape)],
      attributes: d.between(0, 3) === 0 ? {} : { perm },
    };
  },
  Expand(d) {
    const wide = dims(d);
    const shape = narrower(d, wide);
    const target = d.pick([wide, wide.map((dim) => d.pick([dim, dim]))]);
    return { opset: d.pick([8, 13, 18]), operands: [d.normal(...shape), ints(...target)] };
  },
  Tile(d) {
    const shape = dims(d);
    return { opset: d.pick([7, 13, 18]), operands: [d.normal(...shape), ints(...list(d, shape.length, 1, 3))] };
  },
  Gather(d) {
    const shape = dims(d);
    const axis = d.between(0, shape.length - 1);
    const size = shape[axis]!;
    const opset = d.pick([7, 11, 13, 18]);
    const form = list(d, d.between(0, 2), 1, 3);
    const indices = list(d, sizeOf(form), opset < 11 ? 0 : -size, size - 1);
    return {
      opset,
      operands: [d.normal(...shape), intGrid(indices, ...form)],
      attributes: { axis: signed(d, axis, shape.length) },
    };
  },
  GatherElements(d) {
    const shape = dims(d);
    const axis = d.between(0, shape.length - 1);
    const form = shape.map((dim, at) => (at === axis ? d.between(1, 4) : d.between(1, dim)));
    const indices = list(d, sizeOf(form), -shape[axis]!, shape[axis]! - 1);
    return {
      opset: d.pick([11, 13, 18]),
      operands: [d.normal(...shape), intGrid(indices, ...form)],
      attributes: { axis: signed(d, axis, shape.length) },
    };
  },
  GatherND(d) {
    const shape = list(d, d.between(2, 4), 1, 3);
    const batch = d.between(0, 1);
    const depth = d.between(1, shape.length - batch);
    const form = [...shape.slice(0, batch), ...list(d, d.between(1, 2), 1, 3)];
    const indices = Array.from({ length: sizeOf(form) }, () =>
      shape.slice(batch, batch + depth).map((dim) => d.between(-dim, dim - 1)),
    );
    return {
      opset: d.pick([12, 13, 18]),
      operands: [d.normal(...shape), intGrid(indices.flat(), ...form, depth)],
      attributes: { batch_dims: batch },
    };
  },
  Resize(d) {
    const shape = [1, d.between(1, 2), ...list(d, 2, 1, 5)];
    const opset = d.pick([11, 13, 18, 19]);
    const mode = d.pick(['nearest', 'linear', 'linear', 'cubic']);
    const transforms = [
      'half_pixel',
      'pytorch_half_pixel',
      'align_corners',
      'asymmetric',
      ...(opset === 19 ? ['half_pixel_symmetric'] : []),
    ];
    const attributes = {
      mode,
      coordinate_transformation_mode: d.pick(transforms),
      ...(mode === 'nearest'
        ? { nearest_mode: d.pick(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']) }
        : {}),
      ...(mode === 'cubic' ? { cubic_coeff_a: d.pick([-0.75, -0.5]), exclude_outside: d.between(0, 1) } : {}),
    };
    const hasAxes = opset >= 18 && d.between(0, 1) === 1;
    const named = hasAxes
      ? {
          ...attributes,
          axes: d.pick([
            [2, 3],
            [-2, -1],
            [3, 2],
          ]),
        }
      : attributes;
    const roi = opset === 11 ? floats([], 0) : null;
    const x = d.normal(...shape);
    const front = hasAxes ? [] : [1, 1];
    if (d.between(0, 1) === 0) {
      const scales = [...front, ...Array.from({ length: 2 }, () => d.pick([0.5, 0.75, 1, 1.5, 2, 2.6]))];
      return { opset, operands: [x, roi, floats(scales, scales.length)], attributes: named };
    }
    const sizes = [...(hasAxes ? [] : shape.slice(0, 2)), ...list(d, 2, 1, 7)];
    return { opset, operands: [x, roi, opset === 11 ? floats([], 0) : null, ints(...sizes)], attributes: named };
  },
  LayerNormalization(d) {
    const shape = list(d, d.between(1, 4), 2, 4);
    const axis = d.between(0, shape.length - 1);
    const own = shape.slice(axis);
    const operands = [d.normal(...shape), d.positive(...own), ...d.pick([[], [d.normal(...own)]])];
    const attributes = { axis: signed(d, axis, shape.length), epsilon: d.pick([1e-5, 0.1]) };
    return { opset: d.pick([17, 18]), operands, attributes, outputs: d.pick([1, 3]), counted: 1 };
  },
  InstanceNormalization(d) {
    const shape = [d.between(1, 3), d.between(1, 3), ...list(d, d.between(1, 3), 2, 3)];
    return {
      opset: d.pick([7, 18]),
      operands: [d.normal(...shape), d.positive(shape[1]!), d.normal(shape[1]!)],
      attributes: { epsilon: 0.01 },
    };
  },
  GroupNormalization(d) {
    const [groups, each] = [d.between(1, 3), d.between(1, 2)];
    const opset = d.pick([18, 21]);
    const count = opset === 18 ? groups : groups * each;
    const operands = [
      d.normal(2, groups * each, ...list(d, d.between(1, 2), 2, 3)),
      d.positive(count),
      d.normal(count),
    ];
    return { opset, operands, attributes: { num_groups: groups, epsilon: 0.01 } };
  },
  BatchNormalization(d) {
    const shape = [d.between(1, 3), d.between(1, 3), ...list(d, d.between(0, 2), 1, 3)];
    const c = shape[1]!;
    const operands = [d.normal(...shape), d.positive(c), d.normal(c), d.normal(c), d.positive(c)];
    return { opset: d.pick([7, 9, 14, 15, 18]), operands, attributes: { epsilon: 0.01 } };
  },
  PRelu(d) {
    const wide = dims(d);
    return { opset: d.pick([7, 9, 16, 18]), operands: [d.distinct(...wide), d.normal(...narrower(d, wide))] };
  },
  DepthToSpace: (d) => ({
    opset: d.pick([11, 13, 18]),
    operands: [d.normal(d.between(1, 2), 4 * d.between(1, 2), ...list(d, 2, 1, 3))],
    attributes: { blocksize: 2, mode: d.pick(['DCR', 'CRD']) },
  }),
  SpaceToDepth: (d) => ({ opset: d.pick([7, 13, 18]), operands: [d.normal(1, 2, 4, 2)], attributes: { blocksize: 2 } }),
  GlobalAveragePool: (d) => ({ operands: [d.normal(2, 2, ...list(d, d.between(1, 3), 1, 3))] }),
  GlobalMaxPool: (d) => ({ operands: [d.distinct(2, 2, ...list(d, d.between(1, 3), 1, 3))] }),
  CumSum(d) {
    const shape = dims(d);
    const axis = signed(d, d.between(0, shape.length - 1), shape.length);
    return {
      opset: d.pick([11, 14]),
      operands: [d.normal(...shape), intGrid([axis])],
      attributes: { exclusive: d.between(0, 1), reverse: d.between(0, 1) },
    };
  },
  Trilu: (d) => ({
    operands: [d.normal(...list(d, d.between(2, 3), 1, 4)), intGrid([d.between(-3, 3)])],
    attributes: { upper: d.between(0, 1) },
  }),
  LpNormalization(d) {
    const shape = dims(d);
    return {
      operands: [d.distinct(...shape)],
      attributes: { axis: signed(d, d.between(0, shape.length - 1), shape.length), p: d.pick([1, 2]) },
    };
  },
};

/** `count` whole numbers from `low` to `high`. */
function list(d: Draws, count: number, low: number, high: number): number[] {
  return Array.from({ length: count }, () => d.between(low, high));
}

/** Sizes of a tensor of rank 1 to 4. */
function dims(d: Draws): number[] {
  return list(d, d.between(1, 4), 1, 4);
}

function signed(d: Draws, axis: number, rank: number): number {
  return d.between(0, 1) === 0 ? axis : axis - rank;
}

/** A shape that broadcasts to the other. */
function narrower(d: Draws, wide: readonly number[]): number[] {
  return wide.slice(d.between(0, wide.length)).map((dim) => (d.between(0, 1) === 0 ? 1 : dim));
}

/** Different axes, in any order. */
function someAxes(d: Draws, rank: number): number[] {
  return [...d.random.permutation(rank)].slice(0, d.between(1, rank));
}

function convolution(d: Draws, isTransposed: boolean): Omit<Form, 'op'> {
  const axes = d.between(1, 2);
  const groups = d.pick([1, 1, 2, 3]);
  const [inputs, outputs] = [groups * d.between(1, 2), groups * d.between(1, 2)];
  const kernel = list(d, axes, 1, 3);
  const strides = list(d, axes, 1, 3);
  const dilations = list(d, axes, 1, 2);
  const image = kernel.map((size, axis) => (size - 1) * dilations[axis]! + d.between(1, 4));
  const filter = isTransposed ? [inputs, outputs / groups] : [outputs, inputs / groups];
  const padding = d.pick<Record<string, number[] | string>>([
    {},
    { pads: list(d, 2 * axes, 0, 2) },
    { auto_pad: 'SAME_UPPER' },
    { auto_pad: 'SAME_LOWER' },
    { auto_pad: 'VALID' },
  ]);
  const ends = isTransposed
    ? d.pick<Record<string, number[]>>([{}, { output_padding: strides.map((stride) => d.between(0, stride - 1)) }])
    : {};
  return {
    opset: d.pick([7, 11, 18]),
    operands: [
      d.normal(d.between(1, 2), inputs, ...image),
      d.normal(...filter, ...kernel),
      ...d.pick<Operand[]>([[], [d.normal(outputs)], [null]]),
    ],
    attributes: {
      group: groups,
      strides,
      dilations,
      ...padding,
      ...ends,
      ...(d.between(0, 1) === 0 ? {} : { kernel_shape: kernel }),
    },
  };
}

function pool(d: Draws, opset: number, attributes: Readonly<Record<string, number>>): Omit<Form, 'op'> {
  const axes = d.between(1, 2);
  const isAverage = 'count_include_pad' in attributes;
  const kernel = list(d, axes, 1, 3);
  const dilations = list(d, axes, 1, 2);
  const image = kernel.map((size) => 2 * (size - 1) + d.between(1, 3));
  const padding = d.pick<Record<string, number[] | string>>([
    {},
    { pads: [...kernel, ...kernel].map((size) => d.between(0, size - 1)) },
    { auto_pad: 'SAME_UPPER' },
    { auto_pad: 'SAME_LOWER' },
  ]);
  const known = Object.entries(attributes).filter(([name]) => name !== 'ceil_mode' || opset >= 10);
  const hasDilations = opset >= (isAverage ? 19 : 10);
  const isRefused = hasDilations && 'auto_pad' in padding && dilations.some((by, axis) => by > 1 && kernel[axis]! > 1);
  return {
    opset,
    ...(isRefused ? { refused: 'auto_pad together with dilations' } : {}),
    operands: [d.distinct(d.between(1, 2), d.between(1, 2), ...image)],
    attributes: {
      kernel_shape: kernel,
      ...(d.between(0, 3) === 0 ? {} : { strides: list(d, axes, 1, 3) }),
      ...padding,
      ...Object.fromEntries(known),
      ...(hasDilations ? { dilations } : {}),
    },
  };
}

function binary(d: Draws, op: string): Omit<Form, 'op'> {
  const wide = dims(d);
  const several = ['Max', 'Min', 'Sum', 'Mean'].includes(op);
  const shapes = several ? Array.from({ length: d.between(1, 3) }, () => narrower(d, wide)) : [wide, narrower(d, wide)];
  const opset = several ? d.pick([8, 13, 18]) : d.pick([7, 13, 18]);
  return { opset, operands: d.between(0, 1) === 0 ? spread(d, shapes) : spread(d, shapes.toReversed()) };
}

/** Operands of which no two elements are near. */
function spread(d: Draws, shapes: readonly (readonly number[])[]): Operand[] {
  return shapes.map((shape, index) => {
    const operand = d.distinct(...shape) as { weight: { bytes: Uint8Array } };
    const values = new Float32Array(
      operand.weight.bytes.buffer,
      operand.weight.bytes.byteOffset,
      operand.weight.bytes.byteLength / 4,
    );
    for (let i = 0; i < values.length; i++) values[i] = values[i]! * 3 + (0.24 / 3) * index + 0.01;
    return operand as Operand;
  });
}

function reduction(d: Draws, name: string): Omit<Form, 'op'> {
  const shape = dims(d);
  const isLog = name === 'LogSum' || name === 'Prod';
  const x = isLog ? d.positive(...shape) : d.distinct(...shape);
  const opset = d.pick([7, 11, 13, 18]);
  const axes = d.pick([undefined, someAxes(d, shape.length)]);
  const given = axes?.map((axis) => (opset >= 11 ? signed(d, axis, shape.length) : axis));
  const keepdims = d.between(0, 1);
  if (given === undefined) {
    const noop = opset >= 18 ? { noop_with_empty_axes: d.between(0, 1) } : {};
    return { opset, operands: [x], attributes: { keepdims, ...noop } };
  }
  const byInput = opset >= 18 || (name === 'Sum' && opset >= 13);
  return byInput
    ? { opset, operands: [x, ints(...given)], attributes: { keepdims } }
    : { opset, operands: [x], attributes: { keepdims, axes: given } };
}

function softmax(d: Draws): Omit<Form, 'op'> {
  const shape = dims(d);
  const opset = d.pick([7, 11, 12, 13, 18]);
  const axis = d.between(0, shape.length - 1);
  const attributes =
    d.between(0, 3) === 0 && shape.length > 1 ? {} : { axis: opset >= 11 ? signed(d, axis, shape.length) : axis };
  return { opset, operands: [d.normal(...shape)], attributes };
}
