import { floatAttribute, intAttribute, type Node } from '../../onnx/ir.js';
import { sizeOf } from '../../onnx/tensor.js';
import type { Rewrite } from './rewrite.js';

/**
 * Batch normalization in training mode has no WebGPU kernel: mean and variance from sums, in two passes as the CPU's kernel
 * computes them, and the normalization in inference mode. Only with momentum 0, where they alone are its statistics.
 */
export function batchStatistics(rewrite: Rewrite, node: Node): Node[] | null {
  const [x, scale, bias] = node.inputs as [string, string, string];
  const shape = rewrite.shapeOf(x);
  const isTraining = intAttribute(node, 'training_mode', 0) === 1;
  if (!isTraining || floatAttribute(node, 'momentum', 0.9) !== 0 || shape === null) return null;
  const [y, mean, variance] = node.outputs as [string, string, string];
  const axes = shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const share = rewrite.scalar(1 / sizeOf(axes.map((axis) => shape[axis]!)));
  const over = rewrite.ints(axes);
  const own = (name: string) => `${y}/${name}`;
  return [
    rewrite.op('ReduceSum', [x, over], own('sum'), { keepdims: 1 }),
    rewrite.op('Mul', [own('sum'), share], own('mean')),
    rewrite.op('Reshape', [own('mean'), rewrite.ints([shape[1]!])], mean),
    rewrite.op('Sub', [x, own('mean')], own('centred')),
    rewrite.op('Mul', [own('centred'), own('centred')], own('squares')),
    rewrite.op('ReduceSum', [own('squares'), over], own('squareSum'), { keepdims: 0 }),
    rewrite.op('Mul', [own('squareSum'), share], variance),
    rewrite.op('BatchNormalization', [x, scale, bias, mean, variance], y, {
      epsilon: floatAttribute(node, 'epsilon', 1e-5),
    }),
  ];
}
