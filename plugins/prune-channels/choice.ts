import { overridesOf, type Select } from 'onnx-lathe/onnx';
import { atOption, type Model } from 'onnx-lathe/plugin';
import {
  type ChannelGroups,
  type ChannelSelection,
  channelGroups,
  channelImportance,
  chooseChannels,
  type Importance,
  refuseFrozen,
  type Scope,
  selectChannels,
} from 'onnx-lathe/prune';

export interface ChannelOptions {
  readonly keep: number;
  readonly scope: Scope;
  readonly importance: Importance;
  readonly roundTo: number;
  readonly select?: Select | undefined;
  readonly overrides?: readonly { readonly select: Select; readonly with: { readonly keep: number } }[] | undefined;
}

export interface Choice extends ChannelSelection {
  readonly all: ChannelGroups;
  /** What stands for each channel to remove. */
  readonly removed: ReadonlySet<number>;
}

/** The channels that the options remove. Throws at the option that asks for what cannot be. */
export function choose(model: Model, { select, overrides = [], keep, ...how }: ChannelOptions): Choice {
  const all = channelGroups(model);
  const { groups, frozen } = atOption('select', () => selectChannels(model, all, select));
  const exceptions = atOption('overrides', () => overridesOf(model, overrides));
  overrides.forEach((override, i) => {
    atOption(['overrides', i, 'select'], () => refuseFrozen(model, override.select, frozen));
  });
  const overrideOf = new Map(
    groups.map((group) => {
      const asked = new Set(group.layers.map((name) => exceptions.get(name)));
      return [group, overrides.findIndex((override) => asked.has(override.with))];
    }),
  );
  if (how.importance === 'batchnorm') {
    atOption('importance', () => groups.map((group) => channelImportance(model, all, group, 'batchnorm')));
  }
  const removed = new Set<number>();
  for (const [i, criterion] of [{ keep }, ...overrides.map((override) => override.with)].entries()) {
    const part = groups.filter((group) => overrideOf.get(group) === i - 1);
    const option = i === 0 ? ['keep'] : ['overrides', i - 1, 'with', 'keep'];
    if (part.length === 0) continue;
    const chosen = atOption(option, () => chooseChannels(model, all, { ...how, keep: criterion.keep, groups: part }));
    for (const set of chosen) removed.add(set);
  }
  return { all, groups, frozen, removed };
}
