import { UserError } from '../core/errors.js';
import type { Model } from '../onnx/ir.js';
import { floatsOf } from '../onnx/tensor.js';
import { keepLargest } from './keep-largest.js';
import { keptCount, type Masks } from './masks.js';

/** The threshold where a recipe gives no criterion. */
export const DEFAULT_THRESHOLD = 0.01;

/**
 * What decides which weights stay:
 * - `threshold`: those with |w| >= threshold (and w other than 0);
 * - `keep`: the largest ones, a share of them (0 < keep <= 1) or a number of them (an integer from 2);
 * - `deviations`: as `threshold`, with threshold = deviations × standard deviation of the weights.
 */
export type Criterion = { readonly threshold: number } | { readonly keep: number } | { readonly deviations: number };

/** Whether weights compete within their own layer or with those of all layers. A `keep` count is per layer, or for all. */
export type Scope = 'layer' | 'global';

export interface MagnitudeRequest {
  /** Initializer names, float32. Their order decides ties in scope global. */
  readonly weights: readonly string[];
  readonly criterion: Criterion;
  readonly scope: Scope;
  /** A point on the way there; default: the goal itself. */
  readonly gradual?: Gradual;
}

/** How far a gradual schedule has come. */
export interface Gradual {
  /** Share of the way still to go, 1 (nothing pruned yet) to 0 (the goal). */
  readonly remaining: number;
  /** Number of nonzero weights that each layer began with. */
  readonly initialNonzero: ReadonlyMap<string, number>;
}

export interface LayerPruning {
  readonly name: string;
  readonly total: number;
  readonly kept: number;
  /** The smallest magnitude kept (`keep`), or the threshold that was compared with. */
  readonly threshold: number;
  /** True if all its weights would have gone, so that the largest one was kept. */
  readonly isRescued: boolean;
}

export interface MagnitudePruning {
  readonly masks: Masks;
  readonly layers: readonly LayerPruning[];
}

/**
 * Masks that keep the weights of largest magnitude. Every layer keeps at least one weight.
 * The number kept by a share is ceil(keep × n); ties go by flat index, the earlier one is pruned first.
 * Throws PRUNE_NOT_FINITE for NaN or infinite weights, PRUNE_KEEP if the count is more than there is or less than one a layer.
 */
export function magnitudeMasks(model: Model, request: MagnitudeRequest): MagnitudePruning {
  const layers = request.weights.map((name) => ({ name, weights: finiteWeights(model, name) }));
  return 'keep' in request.criterion
    ? byCount(layers, request.criterion.keep, request)
    : byThreshold(layers, request.criterion, request);
}

interface Layer {
  readonly name: string;
  readonly weights: Float32Array;
}

function finiteWeights(model: Model, name: string): Float32Array {
  const tensor = model.graph.initializers.get(name);
  if (tensor === undefined) throw new Error(`internal: no initializer "${name}"`);
  const weights = floatsOf(tensor);
  for (let i = 0; i < weights.length; i++) {
    if (Number.isFinite(weights[i])) continue;
    throw new UserError(
      'PRUNE_NOT_FINITE',
      `The weights of "${name}" hold ${weights[i]} at position ${i}.`,
      'Their magnitudes cannot be compared: look at the stage that made this model, often a learning rate that is too high.',
    );
  }
  return weights;
}

function byCount(layers: readonly Layer[], keep: number, { scope, gradual }: MagnitudeRequest): MagnitudePruning {
  const groups = scope === 'global' ? [layers] : layers.map((layer) => [layer]);
  const totals = groups.map((group) => sum(group, (layer) => layer.weights.length));
  if (keep > Math.max(...totals)) {
    const what = scope === 'global' ? 'the selected layers have' : 'the largest selected layer has';
    throw new UserError(
      'PRUNE_KEEP',
      `keep: ${keep} is more than the ${Math.max(...totals)} weights that ${what}.`,
      'Nothing would be pruned: give a smaller count, or a share between 0 and 1.',
    );
  }
  const masks = new Map<string, Uint8Array>();
  const rescued = new Set<string>();
  groups.forEach((group, index) => {
    const total = totals[index]!;
    const goal = keep > 1 ? Math.min(keep, total) : shareOf(keep, total);
    const initial = gradual === undefined ? 0 : sum(group, (layer) => gradual.initialNonzero.get(layer.name) ?? 0);
    const budget = Math.max(goal, Math.ceil(goal + (initial - goal) * (gradual?.remaining ?? 0)));
    keepWithin(group, budget, masks, rescued);
    const kept = sum(group, (layer) => keptCount(masks.get(layer.name)!));
    if (kept > budget) throw new Error(`internal: ${kept} weights kept where ${budget} were allowed`);
  });
  return {
    masks,
    layers: layers.map((layer) => {
      const mask = masks.get(layer.name)!;
      return summary(layer, mask, smallestKept(layer.weights, mask), rescued.has(layer.name));
    }),
  };
}

/** The number of weights that a share keeps: total - floor((1 - keep) total), safe against 0.07 × 100 = 7.000000000000001. */
function shareOf(keep: number, total: number): number {
  return Math.max(1, Math.ceil(keep * total * (1 - 1e-12)));
}

/** Keeps `budget` weights of the group in all; layers that would lose every weight get their largest one first. */
function keepWithin(
  group: readonly Layer[],
  budget: number,
  masks: Map<string, Uint8Array>,
  rescued: Set<string>,
): void {
  const nonempty = group.filter((layer) => layer.weights.length > 0);
  if (budget < nonempty.length) {
    throw new UserError(
      'PRUNE_KEEP',
      `Keeping ${budget} weights of ${nonempty.length} layers would leave layers without any.`,
      'Raise keep to at least one weight a layer, or exclude layers with select.',
    );
  }
  for (;;) {
    const open = group.filter((layer) => !rescued.has(layer.name));
    const kept = keepLargest(
      open.map((layer) => layer.weights),
      budget - (group.length - open.length),
    );
    open.forEach((layer, index) => {
      masks.set(layer.name, kept[index]!);
    });
    const empty = open.filter((layer, index) => layer.weights.length > 0 && keptCount(kept[index]!) === 0);
    if (empty.length === 0) return;
    for (const layer of empty) {
      rescued.add(layer.name);
      masks.set(layer.name, keepLargest([layer.weights], 1)[0]!);
    }
  }
}

function byThreshold(
  layers: readonly Layer[],
  criterion: { readonly threshold: number } | { readonly deviations: number },
  { scope, gradual }: MagnitudeRequest,
): MagnitudePruning {
  const reached = 1 - (gradual?.remaining ?? 0);
  const overall = 'deviations' in criterion && scope === 'global' ? deviation(layers) : undefined;
  const masks = new Map<string, Uint8Array>();
  const summaries = layers.map((layer) => {
    const threshold =
      reached *
      ('threshold' in criterion ? criterion.threshold : criterion.deviations * (overall ?? deviation([layer])));
    // Rounded as the weights are: a weight written as 0.01 is not below the threshold 0.01.
    const limit = Math.fround(threshold);
    let mask: Uint8Array = new Uint8Array(layer.weights.length);
    for (let i = 0; i < mask.length; i++) {
      const weight = layer.weights[i]!;
      if (Math.abs(weight) >= limit && weight !== 0) mask[i] = 1;
    }
    const isRescued = layer.weights.length > 0 && keptCount(mask) === 0;
    if (isRescued) mask = keepLargest([layer.weights], 1)[0]!;
    masks.set(layer.name, mask);
    return summary(layer, mask, threshold, isRescued);
  });
  return { masks, layers: summaries };
}

/** Population standard deviation over all weights of the layers, in two passes. */
function deviation(layers: readonly Layer[]): number {
  const count = sum(layers, (layer) => layer.weights.length);
  if (count === 0) return 0;
  const mean = sum(layers, ({ weights }) => total(weights)) / count;
  const squares = sum(layers, ({ weights }) => squaredDistance(weights, mean));
  return Math.sqrt(squares / count);
}

function total(values: Float32Array): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result += values[i]!;
  return result;
}

/** Σ (value − mean)². */
function squaredDistance(values: Float32Array, mean: number): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result += (values[i]! - mean) ** 2;
  return result;
}

function smallestKept(weights: Float32Array, mask: Uint8Array): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < weights.length; i++) {
    if (mask[i] === 1) smallest = Math.min(smallest, Math.abs(weights[i]!));
  }
  return Number.isFinite(smallest) ? smallest : 0;
}

function summary(layer: Layer, mask: Uint8Array, threshold: number, isRescued: boolean): LayerPruning {
  return { name: layer.name, total: mask.length, kept: keptCount(mask), threshold, isRescued };
}

function sum<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
