import { atOption } from '../../core/at-option.js';
import { UserError } from '../../core/errors.js';
import type { Path } from '../../core/path.js';
import type { Model } from '../../onnx/ir.js';
import { type Select, selectWeights } from '../../onnx/select.js';
import type { ChannelGroup, ChannelGroups } from './channel-groups.js';
import { isQuantized } from './rules/index.js';

export interface ChannelSelection {
  /** The groups of which all layers are selected. */
  readonly groups: readonly ChannelGroup[];
  /** The selected layers that keep all their channels, and why. */
  readonly frozen: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * What can be removed where only some layers may lose channels: a layer that is not selected keeps all of them, and with it what it
 * is tied to.
 * Throws PRUNE_FROZEN for a pattern under `include` or `regex` that names only layers that cannot lose any, PRUNE_NOTHING where
 * no layer is left, and what selectWeights throws.
 */
export function selectChannels(model: Model, all: ChannelGroups, select: Select = {}): ChannelSelection {
  const selected = new Set(selectWeights(model, select).map(({ initializer }) => initializer));
  const groups = all.groups.filter(({ layers }) => layers.every((name) => selected.has(name)));
  const removable = new Set(groups.flatMap(({ layers }) => layers));
  const frozen = all.layers
    .filter(({ name }) => selected.has(name) && !removable.has(name))
    .map(({ name, reason }) => ({ name, reason: reason ?? reasonOfTie(all, name, selected) }));
  refuseFrozen(model, select, frozen);
  if (groups.length > 0) return { groups, frozen };
  if (all.layers.length === 0 && model.graph.nodes.some(isQuantized)) {
    throw new UserError(
      'PRUNE_NOTHING',
      'The model is quantized: its weights are integers.',
      'Remove channels before quantizing.',
    );
  }
  throw new UserError(
    'PRUNE_NOTHING',
    all.layers.length === 0
      ? 'The model has no weights of Conv, ConvTranspose, Gemm or MatMul.'
      : `No selected layer can lose channels${frozen.length === 0 ? '' : `: ${shown(frozen)}`}.`,
    all.groups.length === 0
      ? 'There is nothing to remove.'
      : `Select some of ${[...new Set(all.groups.flatMap(({ layers }) => layers))].slice(0, MOST_SHOWN).join(', ')}.`,
  );
}

/** Throws PRUNE_FROZEN as `selectChannels`, for any selection. @param frozen layers that cannot lose channels */
export function refuseFrozen(model: Model, select: Select, frozen: ChannelSelection['frozen']): void {
  const reasons = new Map(frozen.map(({ name, reason }) => [name, reason]));
  for (const option of ['include', 'regex'] as const) {
    for (const [index, pattern] of (select[option] ?? []).entries()) {
      const at: Path = [option, index];
      const named = atOption(at, () => selectWeights(model, { [option]: [pattern] })).map(
        ({ initializer }) => initializer,
      );
      const [first] = named;
      if (first === undefined || !named.every((name) => reasons.has(name))) continue;
      atOption(at, () => {
        throw new UserError(
          'PRUNE_FROZEN',
          `"${first}" cannot lose channels, because ${reasons.get(first)!}.`,
          'Leave it out.',
        );
      });
    }
  }
}

function reasonOfTie(all: ChannelGroups, name: string, selected: ReadonlySet<string>): string {
  const others = all.groups.filter(({ layers }) => layers.includes(name)).flatMap(({ layers }) => layers);
  return `they are tied to those of "${others.find((other) => !selected.has(other))}", which is not selected`;
}

const MOST_SHOWN = 8;

function shown(frozen: ChannelSelection['frozen']): string {
  const texts = frozen.map(({ name, reason }) => `"${name}", because ${reason}`);
  return texts.length > MOST_SHOWN ? `${texts.slice(0, MOST_SHOWN).join('; ')}; …` : texts.join('; ');
}
