import { UserError } from '../../core/errors.js';
import type { Model } from '../../onnx/ir.js';
import type { Scope } from '../magnitude-masks.js';
import type { ChannelGroup, ChannelGroups } from './channel-groups.js';
import { channelImportance, type Importance } from './channel-importance.js';

export interface ChannelRequest {
  readonly groups: readonly ChannelGroup[];
  /** A share of the channels (0 < keep <= 1), or a number of them (an integer from 2): of each group, or in scope global of all. */
  readonly keep: number;
  readonly scope: Scope;
  readonly importance: Importance;
  /** Numbers that stay are rounded up to multiples of this, as far as there are so many. */
  readonly roundTo: number;
}

/**
 * The channels to remove: the least important ones. Of equally important ones the one further back stays, and every group
 * keeps at least one. A share keeps ceil(keep × n).
 * Throws PRUNE_KEEP for a number that is more than there are, or less than one a group; what channelImportance throws.
 */
export function chooseChannels(model: Model, all: ChannelGroups, request: ChannelRequest): Set<number> {
  const { groups, keep, scope, roundTo } = request;
  const total = groups.reduce((sum, { sets }) => sum + sets.length, 0);
  const most = scope === 'global' ? total : Math.max(...groups.map(({ sets }) => sets.length));
  if (keep > most) {
    const what = scope === 'global' ? 'the selected layers can spare together' : 'any selected layer can spare from';
    throw new UserError(
      'PRUNE_KEEP',
      `keep: ${keep} is more than the ${most} channels that ${what}.`,
      'Nothing would be removed: give a smaller number, or a share between 0 and 1.',
    );
  }
  const ranked = groups.map((group) => rank(channelImportance(model, all, group, request.importance)));
  const kept =
    scope === 'global'
      ? keptOfAll(groups, ranked, goalOf(keep, total))
      : groups.map(({ sets }) => goalOf(keep, sets.length));
  return new Set(
    groups.flatMap(({ sets }, g) => {
      const count = Math.min(sets.length, Math.ceil(kept[g]! / roundTo) * roundTo);
      return ranked[g]!.slice(count).map(({ index }) => sets[index]!);
    }),
  );
}

interface Ranked {
  readonly index: number;
  readonly score: number;
}

/** The most important first. */
function rank(scores: readonly number[]): Ranked[] {
  return scores.map((score, index) => ({ index, score })).sort((a, b) => b.score - a.score || b.index - a.index);
}

/** How many to keep; safe against 0.07 × 100 = 7.000000000000001. */
function goalOf(keep: number, total: number): number {
  return keep > 1 ? Math.min(keep, total) : Math.max(1, Math.ceil(keep * total * (1 - 1e-12)));
}

/** How many each group keeps where all compete: its best one first, then the best of all. */
function keptOfAll(groups: readonly ChannelGroup[], ranked: readonly (readonly Ranked[])[], goal: number): number[] {
  if (goal < groups.length) {
    throw new UserError(
      'PRUNE_KEEP',
      `Keeping ${goal} channels of ${groups.length} groups of tied layers would leave layers without any.`,
      'Raise keep to at least one channel a group, or exclude layers with select.',
    );
  }
  const kept = groups.map(() => 1);
  const rest = ranked
    .flatMap((channels, group) => channels.slice(1).map(({ index, score }) => ({ group, index, score })))
    .sort((a, b) => b.score - a.score || b.group - a.group || b.index - a.index);
  for (const { group } of rest.slice(0, goal - groups.length)) kept[group] = kept[group]! + 1;
  return kept;
}
