import type { Loss } from './loss.js';
import { beforeActivation, targetMatrix } from './loss.js';

/**
 * Mean over a sample's outputs of −t·log σ(z) − (1−t)·log σ(−z): every output answers a question of its own, with a target
 * t in [0, 1]; the target of a class is its one-hot row. z are logits; of a network that ends in a Sigmoid, its input is taken.
 * Written t·softplus(−z) + (1−t)·softplus(z), which is stable and keeps small losses of large logits.
 * Source: PyTorch's BCEWithLogitsLoss.
 */
export function binaryCrossEntropy(): Loss {
  return (context) => {
    const { b, outputs } = context;
    const logits = b.op('Flatten', [beforeActivation(b, outputs[0]!, 'Sigmoid')], { axis: 1 });
    const target = targetMatrix(context);
    const others = b.op('Sub', [b.scalar(1), target]);
    const missed = b.op('Mul', [target, b.op('Softplus', [b.op('Neg', [logits])])]);
    const claimed = b.op('Mul', [others, b.op('Softplus', [logits])]);
    return b.op('ReduceMean', [b.op('Add', [missed, claimed]), b.ints([1])], { keepdims: 0 });
  };
}
