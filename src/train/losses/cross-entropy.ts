import type { Value } from '../../onnx/builder.js';
import { floatTensor } from '../../onnx/tensor.js';
import type { Loss, LossContext } from './loss.js';
import { beforeActivation, targetMatrix } from './loss.js';

export interface CrossEntropyOptions {
  /** In [0, 1): how much of the target is spread evenly over all classes. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy of logits: −Σ_k w_k · t_k · log softmax(z)_k, with t the (smoothed) target and w the class weights, 1 if there
 * are none. Stable for any logits: the softmax is never formed on its own. Of a network that ends in a Softmax, its input is
 * taken. Needs class targets.
 * Source: Szegedy et al. 2016 for the smoothing, t = (1−ε)·onehot + ε/K; PyTorch's CrossEntropyLoss for the weights.
 */
export function crossEntropy({ labelSmoothing = 0 }: CrossEntropyOptions = {}): Loss {
  return (context) => {
    const { b, outputs, target, classWeights } = context;
    if (target.kind !== 'class') throw new Error('internal: cross-entropy needs class targets');
    const logProbabilities = b.op('LogSoftmax', [beforeActivation(b, outputs[0]!, 'Softmax')], { axis: 1 });
    let wanted = labelSmoothing > 0 ? smoothed(context, labelSmoothing, target.classes) : targetMatrix(context);
    if (classWeights !== undefined) {
      wanted = b.op('Mul', [wanted, b.constant(floatTensor(classWeights, [1, target.classes]))]);
    }
    const picked = b.op('ReduceSum', [b.op('Mul', [logProbabilities, wanted]), b.ints([1])], { keepdims: 0 });
    return b.op('Mul', [picked, b.scalar(-1)]);
  };
}

function smoothed(context: LossContext, share: number, classes: number): Value {
  const { b, y } = context;
  const target = targetMatrix(context);
  // The rows of weighted labels do not add up to 1: their even part has their size.
  const even =
    y.dataType === 'float32'
      ? b.op('Mul', [b.op('ReduceSum', [target, b.ints([1])], { keepdims: 1 }), b.scalar(share / classes)])
      : b.scalar(share / classes);
  return b.op('Add', [b.op('Mul', [target, b.scalar(1 - share)]), even]);
}
