import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { addDecay, type Optimizer, type OptimizerInputs, type OptimizerOutputs } from './optimizer.js';

export interface AdamOptions {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Biases and norms are skipped. */
  readonly weightDecay: number;
}

/** Adam; the decay is L2, added to the gradient. Source: Kingma & Ba 2015, as in PyTorch's torch.optim.Adam. */
export function adam(options: AdamOptions): Optimizer {
  return adamFamily('adam', options, false);
}

/** AdamW: the decay is decoupled, w −= lr·decay·w. Source: Loshchilov & Hutter 2019, as in torch.optim.AdamW. */
export function adamw(options: AdamOptions): Optimizer {
  return adamFamily('adamw', options, true);
}

/**
 * m = β1·m + (1−β1)·g; s = β2·s + (1−β2)·g²; w −= lr/(1−β1^t) · m / (√s/√(1−β2^t) + ε).
 * The two corrections for the bias of m and s depend on the step and come in as hyperparameters.
 */
function adamFamily(name: string, options: AdamOptions, isDecoupled: boolean): Optimizer {
  const { lr, beta1, beta2, epsilon, weightDecay } = options;
  return {
    name,
    learningRate: lr,
    slotNames: ['mean', 'square'],
    hyperNames: ['learningRate', 'stepSize', 'rootCorrection'],
    hyper: (step, learningRate) => [learningRate, learningRate / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step)],
    append(b: GraphBuilder, inputs: OptimizerInputs): OptimizerOutputs {
      const [rate, stepSize, rootCorrection] = inputs.hyper as [Value, Value, Value];
      const [mean, square] = inputs.slots as [Value, Value];
      const gradient = isDecoupled ? inputs.gradient : addDecay(b, inputs.gradient, inputs, weightDecay);
      const blend = (old: Value, fresh: Value, beta: number): Value =>
        b.op('Add', [b.op('Mul', [old, b.scalar(beta)]), b.op('Mul', [fresh, b.scalar(1 - beta)])]);
      const nextMean = blend(mean, gradient, beta1);
      const nextSquare = blend(square, b.op('Mul', [gradient, gradient]), beta2);
      const root = b.op('Mul', [b.op('Sqrt', [nextSquare]), rootCorrection]);
      const step = b.op('Div', [b.op('Mul', [nextMean, stepSize]), b.op('Add', [root, b.scalar(epsilon)])]);
      const delta = isDecoupled ? addDecay(b, step, inputs, weightDecay, rate) : step;
      return { delta, slots: [nextMean, nextSquare] };
    },
  };
}
