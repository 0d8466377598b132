import type { GraphBuilder, Value } from '../onnx/builder.js';

/**
 * The gradient of all weights together, shortened to the length `norm` where it is longer: g · min(1, norm / (‖g‖₂ + 1e-6)).
 * @param gradient float32 [n]
 * Source: Pascanu et al. 2013, as PyTorch's clip_grad_norm_, which adds the 1e-6.
 */
export function clipByNorm(b: GraphBuilder, gradient: Value, norm: number): Value {
  const length = b.op('Add', [b.op('ReduceL2', [gradient, b.ints([0])], { keepdims: 1 }), b.scalar(1e-6)]);
  const factor = b.op('Min', [b.op('Div', [b.scalar(norm), length]), b.scalar(1)]);
  return b.op('Mul', [gradient, factor]);
}
