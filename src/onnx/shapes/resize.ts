import type { Dim } from '../ir.js';
import { floatsOf } from '../tensor.js';
import { type Shape, shapeText, unknownShape } from './dims.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';

/** Scales: an attribute in opset 7, an input in 9. */
const upsample: ShapeRule = (call) => {
  const attribute = call.node.attributes.get('scales');
  const scales = attribute?.type === 'floats' ? attribute.value : scalesAt(call, 1);
  return [typed(call.dataType(0), scaled(call, scales))];
};

/** Inputs X, scales in opset 10; X, roi, scales, sizes since 11. */
const resize: ShapeRule = (call) => {
  const shape = call.shape(0);
  if (call.opset < 11 && !call.has(2)) return [typed(call.dataType(0), scaled(call, scalesAt(call, 1)))];
  const axes = call.ints('axes');
  if (call.has(3)) return [typed(call.dataType(0), sized(call, shape, axes))];
  return [typed(call.dataType(0), scaled(call, scalesAt(call, 2), axes))];
};

function scalesAt(call: Call, index: number): readonly Dim[] | undefined {
  const known = call.known(index);
  if (known !== undefined) return known.values;
  const tensor = call.context.constantOf(call.node.inputs[index] ?? '');
  return tensor?.dataType === 'float32' ? Array.from(floatsOf(tensor)) : undefined;
}

function scaled(call: Call, scales: readonly Dim[] | undefined, axes?: readonly number[]): Shape | null {
  const shape = call.shape(0);
  if (shape === null) return null;
  if (scales === undefined) return unknownShape(shape.length);
  const result = [...shape];
  if (call.string('coordinate_transformation_mode', '') === 'tf_crop_and_resize') return unknownShape(shape.length);
  scales.forEach((scale, i) => {
    const axis = call.axis(axes?.[i] ?? i, shape.length);
    const size = shape[axis]!;
    if (scale === 1) return;
    // onnxruntime multiplies in float32.
    result[axis] = typeof scale === 'number' && typeof size === 'number' ? Math.floor(Math.fround(size * scale)) : null;
  });
  return result;
}

function sized(call: Call, shape: Shape | null, axes: readonly number[] | undefined): Shape | null {
  const sizes = call.values(3);
  if (shape === null) return axes === undefined ? (sizes ?? null) : null;
  if (sizes === undefined) return unknownShape(shape.length);
  const at = axes ?? shape.map((_, i) => i);
  if (sizes.length !== at.length) call.fail(`resizes ${shapeText(shape)} to ${shapeText(sizes)}`);
  const policy = call.string('keep_aspect_ratio_policy', 'stretch');
  const result = [...shape];
  const ratios = at.map((stated, i) => {
    const size = shape[call.axis(stated, shape.length)];
    return typeof size === 'number' && typeof sizes[i] === 'number' ? sizes[i] / size : null;
  });
  const ratio = policy === 'not_larger' ? least(ratios, Math.min) : least(ratios, Math.max);
  at.forEach((stated, i) => {
    const axis = call.axis(stated, shape.length);
    const size = shape[axis]!;
    if (policy === 'stretch') result[axis] = sizes[i]!;
    else result[axis] = ratio === null || typeof size !== 'number' ? null : Math.round(size * ratio);
  });
  return result;
}

function least(ratios: readonly (number | null)[], choose: (...values: number[]) => number): number | null {
  return ratios.includes(null) ? null : choose(...(ratios as number[]));
}

/** X [N, C, …], grid [N, spatial …, n] → [N, C, spatial …]. */
const gridSample: ShapeRule = (call) => {
  const x = call.shape(0);
  const grid = call.shape(1);
  if (x === null || grid === null) return [typed(call.dataType(0), null)];
  return [typed(call.dataType(0), [x[0]!, x[1]!, ...grid.slice(1, -1)])];
};

/** theta [N, …], size [N, C, spatial …] → [N, spatial …, number of spatial axes]. */
const affineGrid: ShapeRule = (call) => {
  const size = call.values(1);
  if (size === undefined) return [typed(call.dataType(0), null)];
  return [typed(call.dataType(0), [size[0]!, ...size.slice(2), size.length - 2])];
};

const centerCropPad: ShapeRule = (call) => {
  const shape = call.shape(0);
  const sizes = call.values(1);
  if (shape === null) return [typed(call.dataType(0), null)];
  const result = [...shape];
  const axes = call.ints('axes') ?? shape.map((_, i) => i);
  axes.forEach((stated, i) => {
    result[call.axis(stated, shape.length)] = sizes?.[i] ?? null;
  });
  return [typed(call.dataType(0), result)];
};

export const resizes: RuleTable = {
  Upsample: upsample,
  Resize: resize,
  GridSample: gridSample,
  AffineGrid: affineGrid,
  CenterCropPad: centerCropPad,
};
