import type { GraphBuilder, Value } from '../onnx/builder.js';
import { intAttribute, intsAttribute, type Node } from '../onnx/ir.js';
import { constantInts } from './constants.js';
import { dimsOf, reshape } from './emit.js';

/** The axes, from 0 on, that a Reduce node sums over: from its attribute, its second input, or all of them. */
export function reducedAxes(b: GraphBuilder, node: Node, data: Value, axes: Value | null): number[] {
  const rank = dimsOf(data).length;
  const given = intsAttribute(node, 'axes') ?? (axes === null ? [] : constantInts(b, node, axes));
  if (given.length > 0) return given.map((axis) => (axis + rank) % rank);
  return intAttribute(node, 'noop_with_empty_axes', 0) === 1 ? [] : dimsOf(data).map((_, axis) => axis);
}

/** The shape that the result has with keepdims = 1. */
export function keptShape(data: Value, axes: readonly number[]): number[] {
  return dimsOf(data).map((dim, axis) => (axes.includes(axis) ? 1 : dim));
}

/** The gradient of a reduction's result with 1 along the reduced axes of `data`: narrow, since all elements share it. */
export function keptGradient(
  b: GraphBuilder,
  gradient: Value,
  { data, axes }: { readonly data: Value; readonly axes: readonly number[] },
): Value {
  const got = dimsOf(gradient);
  const kept = [...got];
  // With keepdims = 0 the axes are missing.
  if (got.length < dimsOf(data).length) for (const axis of [...axes].sort((x, y) => x - y)) kept.splice(axis, 0, 1);
  return reshape(b, gradient, kept);
}
