import { UserError } from '../../core/errors.js';
import type { Model } from '../../onnx/ir.js';
import { floatsOf, sizeOf } from '../../onnx/tensor.js';
import type { ChannelGroup, ChannelGroups } from './channel-groups.js';
import { labelsOf } from './labels.js';

/** How a channel is ranked: by the norm of the weights that make it, or by |gamma| of the normalization behind it. */
export type Importance = 'l1' | 'l2' | 'batchnorm';

/**
 * The importance of each channel of a group, in order: its norm in a layer, divided by the mean norm of that layer's channels,
 * averaged over all layers that the channel belongs to. So 1 is an average channel, whatever the scale of the weights.
 * Throws PRUNE_NOT_FINITE, and PRUNE_BATCHNORM where `batchnorm` finds no normalization.
 */
export function channelImportance(model: Model, groups: ChannelGroups, group: ChannelGroup, how: Importance): number[] {
  const vectors =
    how === 'batchnorm'
      ? gammasOf(model, groups, group)
      : group.layers.map((name) => {
          const { axis, labels } = groups.weightLabels(name);
          return { labels, norms: normsAlong(model, name, axis, how) };
        });
  const position = new Map(group.sets.map((set, i) => [set, i]));
  const sums = new Float64Array(group.sets.length);
  const counts = new Float64Array(group.sets.length);
  for (const { labels, norms } of vectors) {
    const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
    labels.forEach((label, i) => {
      const at = position.get(groups.flow.labels.find(label));
      if (at === undefined) return;
      sums[at] = sums[at]! + (mean === 0 ? 0 : norms[i]! / mean);
      counts[at] = counts[at]! + 1;
    });
  }
  return Array.from(sums, (sum, i) => (counts[i] === 0 ? 0 : sum / counts[i]!));
}

/** Norm of the part of a tensor at each index of an axis. */
function normsAlong(model: Model, name: string, axis: number, how: Importance): Float64Array {
  const tensor = model.graph.initializers.get(name)!;
  const weights = floatsOf(tensor);
  const [length, inner] = [tensor.dims[axis]!, sizeOf(tensor.dims.slice(axis + 1))];
  const sums = new Float64Array(length);
  for (let i = 0; i < weights.length; i++) {
    const at = Math.floor(i / inner) % length;
    const size = Math.abs(weights[i]!);
    sums[at] = sums[at]! + (how === 'l2' ? size * size : size);
  }
  const norms = how === 'l2' ? sums.map(Math.sqrt) : sums;
  checkFinite(name, norms);
  return norms;
}

function gammasOf(model: Model, { flow }: ChannelGroups, group: ChannelGroup) {
  const sets = new Set(group.sets);
  const vectors = model.graph.nodes.flatMap(({ opType, domain, inputs }) => {
    const gamma = inputs[1] ?? '';
    const tensor = model.graph.initializers.get(gamma);
    if (opType !== 'BatchNormalization' || domain !== '' || tensor?.dataType !== 'float32') return [];
    const labels = labelsOf(flow.axesOf(gamma)?.[0] ?? []);
    if (!labels.some((label) => sets.has(flow.labels.find(label)))) return [];
    const norms = Float64Array.from(floatsOf(tensor), Math.abs);
    checkFinite(gamma, norms);
    return [{ labels, norms }];
  });
  if (vectors.length > 0) return vectors;
  throw new UserError(
    'PRUNE_BATCHNORM',
    `importance: batchnorm ranks channels by a BatchNormalization, and "${group.layers[0]}" has none behind it.`,
    'Exclude it with select, or use importance: l2.',
  );
}

function checkFinite(name: string, norms: Float64Array): void {
  if (norms.every(Number.isFinite)) return;
  throw new UserError(
    'PRUNE_NOT_FINITE',
    `The weights of "${name}" hold NaN or infinity.`,
    'Their magnitudes cannot be compared: look at the stage that made this model, often a learning rate that is too high.',
  );
}
