import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { grownMomentum } from './grown-momentum.js';
import { addDecay, type Optimizer, type OptimizerInputs, type OptimizerOutputs } from './optimizer.js';

export interface SgdOptions {
  readonly lr: number;
  /** 0 keeps no state. */
  readonly momentum: number;
  readonly nesterov: boolean;
  /** L2, added to the gradient; biases and norms are skipped. */
  readonly weightDecay: number;
}

/**
 * Stochastic gradient descent: g += decay·w; v = momentum·v + g; w −= lr·v, or lr·(g + momentum·v) with Nesterov.
 * Source: PyTorch's torch.optim.SGD with dampening 0 (Sutskever et al. 2013 for Nesterov).
 */
export function sgd(options: SgdOptions): Optimizer {
  const { lr, momentum, nesterov, weightDecay } = options;
  return {
    name: 'sgd',
    learningRate: lr,
    slotNames: momentum === 0 ? [] : ['momentum'],
    grown: nesterov || weightDecay !== 0 ? null : grownMomentum(momentum),
    hyperNames: ['learningRate'],
    hyper: (_step, learningRate) => [learningRate],
    append(b: GraphBuilder, inputs: OptimizerInputs): OptimizerOutputs {
      const rate = inputs.hyper[0]!;
      const gradient = addDecay(b, inputs.gradient, inputs, weightDecay);
      const [slot] = inputs.slots;
      if (slot === undefined) return { delta: b.op('Mul', [gradient, rate]), slots: [] };
      const scaled = (value: Value): Value => b.op('Mul', [value, b.scalar(momentum)]);
      const velocity = b.op('Add', [scaled(slot), gradient]);
      const direction = nesterov ? b.op('Add', [gradient, scaled(velocity)]) : velocity;
      return { delta: b.op('Mul', [direction, rate]), slots: [velocity] };
    },
  };
}
