import type { GraphBuilder } from '../../onnx/builder.js';
import { UPKEEP_STEPS } from '../upkeep.js';
import type { GrownRule, OptimizerInputs, OptimizerOutputs } from './optimizer.js';

/**
 * Momentum that grows instead of shrinking. Of v_t = μ·v_{t−1} + g_t it keeps s_t = v_t / μ^t: then s_t = s_{t−1} + g_t / μ^t and
 * w −= lr·μ^t·s_t. A step passes over the state once less, since the gradients come out divided by μ^t if that of the loss is. t counts
 * from the last upkeep, where the state is multiplied by μ^UPKEEP_STEPS.
 * @returns null for a momentum with which the state would grow too far from what it stands for
 */
export function grownMomentum(momentum: number): GrownRule | null {
  if (momentum < LEAST) return null;
  return {
    hyperNames: ['learningRate', 'growth'],
    hyper(step, learningRate) {
      const shrunk = momentum ** (((step - 1) % UPKEEP_STEPS) + 1);
      return [learningRate * shrunk, 1 / shrunk];
    },
    stateFactor: momentum ** UPKEEP_STEPS,
    append(b: GraphBuilder, { gradient, slots, hyper }: OptimizerInputs): OptimizerOutputs {
      const sum = b.op('Add', [slots[0]!, gradient]);
      return { delta: b.op('Mul', [sum, hyper[0]!]), slots: [sum] };
    },
  };
}

/** With it the state grows to 3e12 times its size, a gradient of 1e25 to the end of float32. */
const LEAST = 0.8;
