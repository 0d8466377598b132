import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { addDecay, type Optimizer, type OptimizerInputs, type OptimizerOutputs } from './optimizer.js';

export interface RmspropOptions {
  readonly lr: number;
  /** Share of the old mean of squares that stays. */
  readonly alpha: number;
  readonly epsilon: number;
  /** 0 keeps no velocity. */
  readonly momentum: number;
  /** Divides by the deviation instead of the root mean square. */
  readonly centered: boolean;
  /** L2, added to the gradient; biases and norms are skipped. */
  readonly weightDecay: number;
}

/**
 * RMSprop: g += decay·w; s = α·s + (1−α)·g²; d = g / (√s + ε); w −= lr·d, or v = momentum·v + d and w −= lr·v.
 * Centered: √(s − m²) with m = α·m + (1−α)·g.
 * Source: Tieleman & Hinton 2012 (lecture 6.5), as in PyTorch's torch.optim.RMSprop.
 */
export function rmsprop(options: RmspropOptions): Optimizer {
  const { lr, alpha, epsilon, momentum, centered, weightDecay } = options;
  return {
    name: 'rmsprop',
    learningRate: lr,
    slotNames: ['square', ...(centered ? ['mean'] : []), ...(momentum === 0 ? [] : ['momentum'])],
    hyperNames: ['learningRate'],
    hyper: (_step, learningRate) => [learningRate],
    append(b: GraphBuilder, inputs: OptimizerInputs): OptimizerOutputs {
      const rate = inputs.hyper[0]!;
      const [square, ...others] = inputs.slots as [Value, ...Value[]];
      const gradient = addDecay(b, inputs.gradient, inputs, weightDecay);
      const blend = (old: Value, fresh: Value): Value =>
        b.op('Add', [b.op('Mul', [old, b.scalar(alpha)]), b.op('Mul', [fresh, b.scalar(1 - alpha)])]);
      const slots = [blend(square, b.op('Mul', [gradient, gradient]))];
      let spread = slots[0]!;
      if (centered) {
        const mean = blend(others[0]!, gradient);
        slots.push(mean);
        // Rounding can bring the difference below 0 where the gradient hardly changes.
        spread = b.op('Max', [b.op('Sub', [spread, b.op('Mul', [mean, mean])]), b.scalar(0)]);
      }
      const root = b.op('Add', [b.op('Sqrt', [spread]), b.scalar(epsilon)]);
      let direction = b.op('Div', [gradient, root]);
      if (momentum !== 0) {
        direction = b.op('Add', [b.op('Mul', [others.at(-1)!, b.scalar(momentum)]), direction]);
        slots.push(direction);
      }
      return { delta: b.op('Mul', [direction, rate]), slots };
    },
  };
}
