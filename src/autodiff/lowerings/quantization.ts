import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { intAttribute, type Node } from '../../onnx/ir.js';
import { dimsOf, reshape } from '../emit.js';

/** A scale or zero point, shaped so that it broadcasts to x along the node's axis. */
export function spreadScale(b: GraphBuilder, node: Node, scale: Value, x: Value): Value {
  const [count] = dimsOf(scale);
  if (count === undefined) return scale;
  const rank = dimsOf(x).length;
  if (count === 1 || rank === 0) return reshape(b, scale, []);
  const axis = (intAttribute(node, 'axis', 1) + rank) % rank;
  return reshape(
    b,
    scale,
    dimsOf(x).map((_, index) => (index === axis ? count : 1)),
  );
}

export function castToFloat(b: GraphBuilder, value: Value): Value {
  switch (value.dataType) {
    case 'float32':
      return value;
    case 'int4':
    case 'uint4':
      // Cast knows these from opset 21 on, onnxruntime's own dequantization always.
      return b.op('DequantizeLinear', [value, b.scalar(1)], {}, { domain: 'com.microsoft' });
    default:
      return b.op('Cast', [value], { to: 1 });
  }
}
