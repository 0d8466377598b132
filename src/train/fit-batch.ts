import { isUserError, UserError } from '../core/errors.js';
import type { GraphBuilder } from '../onnx/builder.js';
import type { Dim } from '../onnx/ir.js';
import { checkOutput } from './check-request.js';
import { chooseShards, type ShardFacts } from './choose-shards.js';
import { NAMES } from './engine/program.js';
import { splitFlat } from './flat.js';
import { forwardMacs } from './forward-macs.js';
import { appendNetwork, builderFor, type NetworkPlan } from './network-plan.js';
import type { TrainRequest } from './request.js';

/** How a batch goes through a network. */
export interface BatchFit {
  /** Samples that go through at a time, of all shards together. */
  readonly batch: number;
  /** How often, for the batch that was asked for: more than once if the network takes a fixed number of samples. */
  readonly passes: number;
  readonly shards: number;
  /** Multiplications of a forward pass over `batch`. */
  readonly macs: number;
  /** Samples that the network takes where nothing is split: for validation. */
  readonly evaluationBatch: number;
}

/**
 * Checks the network on a whole batch, and says how the batch goes through. Exporters often fix the batch at 1, and some
 * write it into constants of the graph too: such a network gets as many samples as it takes, several times a step.
 * Throws TRAIN_OUTPUT_MISMATCH, ONNX_SHAPE, and TRAIN_BATCH for a batch that a fixed size does not divide.
 */
export function fitBatch(request: TrainRequest, plan: NetworkPlan, asked: number): BatchFit {
  const size = plan.layout.size;
  const fixed = fixedBatch(plan);
  try {
    const { b, output } = forward(request, plan, asked);
    if (fixed === null || fixed === asked || output?.[0] === asked) {
      checkOutput((output ?? []).slice(1), request);
      const shards = request.shards ?? usualShards(plan, b, { batch: asked, size });
      return { batch: asked, passes: 1, shards, macs: forwardMacs(b).all, evaluationBatch: asked };
    }
  } catch (error) {
    if (fixed === null || fixed === asked || !isUserError(error) || error.code !== 'ONNX_SHAPE') throw error;
  }
  return fitFixed(request, plan, asked, fixed);
}

function fitFixed(request: TrainRequest, plan: NetworkPlan, asked: number, fixed: number): BatchFit {
  const { b, output } = forward(request, plan, fixed);
  checkOutput((output ?? []).slice(1), request);
  const passes = Math.floor(asked / fixed);
  const shards = request.shards ?? usualShards(plan, b, { batch: passes, size: plan.layout.size, passes });
  const batch = fixed * shards;
  if (asked % batch !== 0) {
    const parts = shards === 1 ? '' : ` in each of ${shards} shards`;
    throw new UserError(
      'TRAIN_BATCH',
      `The network takes exactly ${fixed} samples at a time${parts}; a batch of ${asked} cannot be made of that.`,
      `Choose a batch that is a multiple of ${batch}, or export the network with a batch dimension of any size.`,
    );
  }
  return { batch, passes: asked / batch, shards, macs: shards * forwardMacs(b).all, evaluationBatch: fixed };
}

/** Shards are for cores: a GPU is busier with a whole batch. */
function usualShards({ provider }: NetworkPlan, b: GraphBuilder, facts: ShardFacts): number {
  return provider === 'cpu' ? chooseShards(b, facts) : 1;
}

function fixedBatch({ model }: NetworkPlan): number | null {
  const size = model.graph.inputs[0]!.shape?.[0];
  return typeof size === 'number' ? size : null;
}

function forward(
  { data }: TrainRequest,
  plan: NetworkPlan,
  batch: number,
): { readonly b: GraphBuilder; readonly output: readonly Dim[] | null } {
  const b = builderFor(plan, 'forward');
  const x = b.input(NAMES.x, 'float32', [batch, ...data.inputShape]);
  const parameters = splitFlat(b, b.input(NAMES.parameters, 'float32', [plan.layout.size]), plan.layout);
  const { ordered } = appendNetwork(b, plan, { x, parameters, training: false });
  return { b, output: ordered[0]!.shape };
}
