import type { Json } from '../core/canonical-json.js';
import { digestOf, sha256 } from '../core/hash.js';
import type { RuntimeDeclaration } from '../recipe/recipe.js';
import { type CollectedMetrics, collectedSlot, labelOfSlot } from './collected.js';
import { replaceAt } from './options.js';
import type { Cell } from './plan.js';

/** Raised when the meaning of a record changes: old results are then never found again. */
export const KEY_SCHEMA = 1;

/** What changes bits beside the recipe: onnxruntime's version and the CPU class, for a GPU provider also `gpu`. */
export type RuntimeFacts = Readonly<Record<string, Json>> & { readonly gpu?: Json };

/**
 * All that a cell's result depends on, and nothing else: no ids, names of data sets or networks, paths, timeouts, gates.
 * @param inputDigests slot → SHA-256 of the model, for every slot in `cell.inputs`
 * @param metrics what it reads of the cells that it collects
 */
export function keyRecord(
  cell: Cell,
  inputDigests: Readonly<Record<string, string>>,
  runtime: RuntimeFacts,
  metrics: CollectedMetrics = {},
): Json {
  const digest = (slot: string): string => {
    const found = inputDigests[slot];
    if (found === undefined) throw new Error(`internal: no digest for the input "${slot}" of ${cell.id}`);
    return found;
  };
  const { definition, plugin } = cell;
  const slots = Object.keys(cell.inputs).filter((slot) => !slot.startsWith('option:') && labelOfSlot(slot) === null);
  const collected = Object.keys(cell.collected ?? {}).map((label) => {
    const read = metrics[label];
    if (read === undefined) throw new Error(`internal: no metrics of "${label}" for ${cell.id}`);
    return [label, { model: digest(collectedSlot(label)), metrics: read }] as const;
  });
  return {
    schema: KEY_SCHEMA,
    plugin: {
      name: definition.name,
      revision: definition.revision,
      code: plugin.kind === 'external' ? plugin.digest : null,
    },
    options: replaceAt(
      cell.keyOptions,
      cell.modelOptions.map(({ path, name }) => [path, { model: digest(`option:${name}`) }]),
    ),
    inputs: Object.fromEntries(slots.map((slot) => [slot, digest(slot)])),
    ...(cell.collected === null ? {} : { collected: Object.fromEntries(collected) }),
    outputs: { ...definition.outputs } as Json,
    seed: cell.seed,
    env: { ...cell.env },
    runtime: cell.runtime === null ? null : runtimeRecord(cell.runtime, runtime),
  };
}

/** Not the number of threads: the bits do not depend on it. */
function runtimeRecord({ provider }: RuntimeDeclaration, { gpu, ...facts }: RuntimeFacts): Json {
  return { ...facts, provider, ...(provider === 'cpu' || gpu === undefined ? {} : { gpu }) };
}

/** SHA-256 of a record's RFC 8785 text, as 64 hexadecimal digits. */
export function cacheKey(record: Json): string {
  return digestOf(record);
}

/** The seed of a cell: another stage of the same recipe draws other numbers. */
export function cellSeed(recipeSeed: number, cell: string): string {
  return sha256(`lathe seed\n${recipeSeed}\n${cell}`);
}
