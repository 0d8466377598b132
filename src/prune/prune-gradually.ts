import type { Model } from '../onnx/ir.js';
import { floatsOf } from '../onnx/tensor.js';
import { type MagnitudePruning, type MagnitudeRequest, magnitudeMasks } from './magnitude-masks.js';
import { applyMasks, type Masks, nonzeroCount } from './masks.js';
import { type Curve, remaining } from './schedule.js';

export interface GradualRequest {
  /** Each group has its own criterion and is ranked by itself. */
  readonly groups: readonly Omit<MagnitudeRequest, 'gradual'>[];
  /** Number of pruning steps, at least 1; the last one reaches the goal exactly. */
  readonly steps: number;
  readonly curve: Curve;
  /** Goes on before this step, with the model that the training before it gave; default before the first one. */
  readonly resumeAt?: { readonly step: number; readonly model: Model } | undefined;
  /** Trains the model between two steps with its masked weights held at 0. */
  retrain(retraining: Retraining): Promise<Model>;
}

export interface Retraining {
  readonly model: Model;
  readonly masks: Masks;
  /** 1 after the first pruning step. */
  readonly step: number;
  /** What `resumeAt` needs to come back to this training. */
  readonly unpruned: Model;
}

/** Masks of all groups, and the layers in order. */
export function pruneGroups(model: Model, groups: readonly MagnitudeRequest[]): MagnitudePruning {
  const parts = groups.filter((group) => group.weights.length > 0).map((group) => magnitudeMasks(model, group));
  return {
    masks: new Map(parts.flatMap((part) => [...part.masks])),
    layers: parts.flatMap((part) => part.layers),
  };
}

/**
 * Prunes in steps along a curve and retrains between them. One step is one-shot pruning.
 * Step i of n aims at the share 1 - (1 - i/n)^3 (cubic) or i/n (linear) of the way from the weights that are nonzero now to
 * the goal; thresholds grow from 0 likewise. No training follows the last step: the result is exactly at the goal.
 */
export async function pruneGradually(
  model: Model,
  request: GradualRequest,
): Promise<{ model: Model; pruning: MagnitudePruning }> {
  const names = request.groups.flatMap((group) => group.weights);
  const initialNonzero = new Map(names.map((name) => [name, nonzeroCount(model.graph.initializers.get(name)!)]));
  let current = request.resumeAt?.model ?? model;
  for (let step = request.resumeAt?.step ?? 1; ; step++) {
    const gradual = { remaining: remaining(request.curve, step / request.steps), initialNonzero };
    const pruning = pruneGroups(
      current,
      request.groups.map((group) => (step < request.steps ? { ...group, gradual } : group)),
    );
    const unpruned = current;
    current = applyMasks(unpruned, pruning.masks);
    if (step >= request.steps) return { model: current, pruning };
    current = await request.retrain({ model: current, masks: pruning.masks, step, unpruned });
    assertMasked(current, pruning.masks);
  }
}

/** A retrainer that lets a pruned weight grow back would break the schedule silently. */
function assertMasked(model: Model, masks: Masks): void {
  for (const [name, mask] of masks) {
    const weights = floatsOf(model.graph.initializers.get(name)!);
    const regrown = weights.findIndex((weight, index) => mask[index] === 0 && weight !== 0);
    if (regrown >= 0) throw new Error(`internal: retraining changed the pruned weight ${regrown} of "${name}"`);
  }
}
