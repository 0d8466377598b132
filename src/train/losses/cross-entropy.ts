import type { GraphBuilder, Value } from '../../onnx/builder.js';
import type { Loss } from './loss.js';
import { targetMatrix } from './loss.js';

export interface CrossEntropyOptions {
  /** In [0, 1): how much of the target is spread evenly over all classes. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy of logits: −Σ_k t_k · log softmax(z)_k, with t the (smoothed) one-hot target.
 * Stable for any logits: the softmax is never formed on its own. Of a network that ends in a Softmax, its input is taken.
 * Needs class targets.
 * Source: Szegedy et al. 2016 for the smoothing, t = (1−ε)·onehot + ε/K.
 */
export function crossEntropy({ labelSmoothing = 0 }: CrossEntropyOptions = {}): Loss {
  return (context) => {
    const { b, outputs, target } = context;
    if (target.kind !== 'class') throw new Error('internal: cross-entropy needs class targets');
    const logProbabilities = b.op('LogSoftmax', [logitsOf(b, outputs[0]!)], { axis: 1 });
    let wanted = targetMatrix(context);
    if (labelSmoothing > 0) {
      wanted = b.op('Add', [
        b.op('Mul', [wanted, b.scalar(1 - labelSmoothing)]),
        b.scalar(labelSmoothing / target.classes),
      ]);
    }
    const picked = b.op('ReduceSum', [b.op('Mul', [logProbabilities, wanted]), b.ints([1])], { keepdims: 0 });
    return b.op('Mul', [picked, b.scalar(-1)]);
  };
}

function logitsOf(b: GraphBuilder, output: Value): Value {
  const producer = b.graph.nodes.find((node) => node.outputs[0] === output.name);
  return producer?.opType === 'Softmax' && producer.domain === '' ? b.value(producer.inputs[0]!) : output;
}
