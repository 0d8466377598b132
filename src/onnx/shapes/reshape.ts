import type { Dim } from '../ir.js';
import {
  broadcastTwo,
  mergeDim,
  plusDim,
  productOf,
  type Shape,
  shapeOfRank,
  shapeText,
  timesDim,
  unknownShape,
} from './dims.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';

const reshape: ShapeRule = (call) => {
  const target = call.has(1) ? call.values(1) : call.ints('shape');
  if (target !== undefined) return [typed(call.dataType(0), reshaped(call, target))];
  const rank = call.shape(1)?.[0];
  return [typed(call.dataType(0), shapeOfRank(rank))];
};

/** 0 copies a size (unless allowzero), -1 takes what is left over. */
function reshaped(call: Call, target: Shape): Shape {
  const input = call.shape(0);
  const allowsZero = call.int('allowzero', 0) !== 0;
  const result: Dim[] = target.map((dim, i) => (dim === 0 && !allowsZero ? (input?.[i] ?? null) : dim));
  const free = result.indexOf(-1);
  if (free < 0) {
    checkCount(call, input, result);
    return result;
  }
  result[free] =
    input === null
      ? null
      : quotient(
          input,
          result.filter((_, i) => i !== free),
        );
  const size = result[free];
  if (size === null || typeof size === 'string' || Number.isInteger(size)) return result;
  return call.fail(`cannot give ${shapeText(input)} the shape ${shapeText(target)}: the elements do not divide`);
}

function checkCount(call: Call, input: Shape | null, result: Shape): void {
  if (input === null) return;
  const [before, after] = [productOf(input), productOf(result)];
  if (typeof before === 'number' && typeof after === 'number' && before !== after) {
    call.fail(`cannot give ${shapeText(input)} the shape ${shapeText(result)}: ${before} elements are not ${after}`);
  }
}

/** Product of `all` divided by the product of `part`, symbols cancelled; null where that is no single dimension. */
function quotient(all: Shape, part: Shape): Dim {
  if (all.includes(null) || part.includes(null)) return null;
  const symbols = all.filter((dim) => typeof dim === 'string');
  let size = 1;
  for (const dim of all) if (typeof dim === 'number') size *= dim;
  for (const dim of part) {
    if (typeof dim === 'number') {
      if (dim === 0) return size === 0 ? 0 : null;
      size /= dim;
      continue;
    }
    const at = symbols.indexOf(dim as string);
    if (at < 0) return null;
    symbols.splice(at, 1);
  }
  if (symbols.length === 0) return size;
  return symbols.length === 1 && size === 1 ? symbols[0]! : null;
}

const flatten: ShapeRule = (call) => {
  const shape = call.shape(0);
  if (shape === null) return [typed(call.dataType(0), unknownShape(2))];
  const stated = call.int('axis', 1);
  const axis = stated < 0 ? stated + shape.length : stated;
  return [typed(call.dataType(0), [productOf(shape.slice(0, axis)), productOf(shape.slice(axis))])];
};

/** Axes as an attribute before opset 13, as an input since. */
function axesOf(call: Call): readonly number[] | undefined {
  return call.has(1) ? call.numbers(1) : call.ints('axes');
}

const squeeze: ShapeRule = (call) => {
  const shape = call.shape(0);
  const axes = axesOf(call);
  if (shape === null || (axes === undefined && call.has(1))) return [typed(call.dataType(0), null)];
  if (axes === undefined) {
    // Which axes disappear depends on sizes: all must be known.
    const isKnown = shape.every((dim) => typeof dim === 'number');
    return [typed(call.dataType(0), isKnown ? shape.filter((dim) => dim !== 1) : null)];
  }
  const gone = new Set(axes.map((axis) => call.axis(axis, shape.length)));
  for (const axis of gone) {
    const size = shape[axis];
    if (typeof size === 'number' && size !== 1) call.fail(`squeezes axis ${axis} of ${shapeText(shape)}`);
  }
  return [
    typed(
      call.dataType(0),
      shape.filter((_, i) => !gone.has(i)),
    ),
  ];
};

const unsqueeze: ShapeRule = (call) => {
  const shape = call.shape(0);
  const axes = axesOf(call);
  if (shape === null || axes === undefined) return [typed(call.dataType(0), null)];
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => call.axis(axis, rank)));
  const rest = shape.values();
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) result.push(added.has(i) ? 1 : (rest.next().value ?? null));
  return [typed(call.dataType(0), result)];
};

const transpose: ShapeRule = (call) => {
  const shape = call.shape(0);
  const perm = call.ints('perm');
  if (shape === null) return [typed(call.dataType(0), perm === undefined ? null : unknownShape(perm.length))];
  if (perm === undefined) return [typed(call.dataType(0), [...shape].reverse())];
  if (perm.length !== shape.length) call.fail(`permutes ${shapeText(shape)} by [${perm.join(', ')}]`);
  return [
    typed(
      call.dataType(0),
      perm.map((from) => shape[from] ?? null),
    ),
  ];
};

const expand: ShapeRule = (call) => {
  const shape = call.shape(0);
  const target = call.values(1);
  return [typed(call.dataType(0), shape === null || target === undefined ? null : broadcastTwo(call, shape, target))];
};

const tile: ShapeRule = (call) => {
  const shape = call.shape(0);
  const repeats = call.values(1);
  if (shape === null) return [typed(call.dataType(0), null)];
  return [
    typed(
      call.dataType(0),
      shape.map((dim, i) => timesDim(dim, repeats?.[i] ?? null)),
    ),
  ];
};

const concat: ShapeRule = (call) => [
  typed(
    call.dataType(0),
    concatShape(
      call,
      call.node.inputs.map((_, i) => call.shape(i)),
    ),
  ),
];

/** Sizes add up along `axis`; elsewhere they must agree. */
export function concatShape(call: Call, shapes: readonly (Shape | null)[]): Shape | null {
  const first = shapes[0];
  if (first === undefined || first === null || shapes.includes(null)) return null;
  const axis = call.axis(call.int('axis', 1), first.length);
  return (shapes as Shape[]).slice(1).reduce<Shape>((sum, shape) => {
    if (shape.length !== sum.length) call.fail(`joins ${shapeText(sum)} and ${shapeText(shape)}`);
    return sum.map((dim, i) => {
      const other = shape[i]!;
      if (i === axis) return plusDim(dim, other);
      if (typeof dim === 'number' && typeof other === 'number' && dim !== other) {
        call.fail(`joins ${shapeText(sum)} and ${shapeText(shape)} along axis ${axis}`);
      }
      return mergeDim(dim, other);
    });
  }, first);
}

/** [N, C, H, W] ↔ [N, C·b², H/b, W/b]. */
const depthToSpace: ShapeRule = (call) => {
  const shape = call.shape(0);
  const block = call.int('blocksize', 1);
  if (shape === null) return [typed(call.dataType(0), unknownShape(4))];
  const [n, c, h, w] = shape;
  return [typed(call.dataType(0), [n!, divided(c!, block * block), timesDim(h!, block), timesDim(w!, block)])];
};

const spaceToDepth: ShapeRule = (call) => {
  const shape = call.shape(0);
  const block = call.int('blocksize', 1);
  if (shape === null) return [typed(call.dataType(0), unknownShape(4))];
  const [n, c, h, w] = shape;
  return [typed(call.dataType(0), [n!, timesDim(c!, block * block), divided(h!, block), divided(w!, block)])];
};

function divided(dim: Dim, by: number): Dim {
  return typeof dim === 'number' ? Math.floor(dim / by) : null;
}

export const reshapes: RuleTable = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Concat: concat,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Shape: (call) => {
    const shape = call.shape(0);
    if (shape === null) return [typed('int64', [null])];
    return [typed('int64', [shape.slice(call.int('start', 0), call.int('end', shape.length)).length])];
  },
  Size: () => [typed('int64', [])],
};
