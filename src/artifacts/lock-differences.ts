import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../core/canonical-json.js';
import { own } from '../core/own.js';
import { shownValue } from '../core/shown-value.js';
import type { LockedCell, Lockfile } from './lockfile.js';

/** One thing that a lockfile says otherwise than another. */
export interface LockDifference {
  /** Null for what concerns the whole recipe. */
  readonly cell: string | null;
  /** "options.lambda", "metrics.accuracy", "outputs.model", "key", "runtime.cpuClass" … */
  readonly field: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  /** "sparse: options.lambda 0.0001 → 0.0002". */
  readonly text: string;
}

/**
 * What differs between two lockfiles, in the order in which a person looks for causes: recipe, runtime, plugins, then the
 * cells of `after` in the order that it has them, then those that are gone.
 * @param reasons why a cell's key differs where its options do not
 */
export function lockDifferences(
  before: Lockfile,
  after: Lockfile,
  reasons: ReadonlyMap<string, string> = new Map(),
): LockDifference[] {
  const cells = [...new Set([...Object.keys(after.cells), ...Object.keys(before.cells)])];
  return [
    ...(['recipe', 'runtime', 'plugins'] as const).flatMap((part) =>
      leaves(before[part] as unknown as Mapping, after[part] as unknown as Mapping).map(([name, from, to]) => {
        const text = `${PART_WORDS[part]}${name} ${values(from, to)}`;
        return { cell: null, field: `${part}.${name}`, before: from, after: to, text };
      }),
    ),
    ...cells.flatMap((cell) =>
      cellDifferences(cell, own(before.cells, cell), own(after.cells, cell), reasons.get(cell)),
    ),
  ];
}

const PART_WORDS = { recipe: 'recipe ', runtime: '', plugins: 'plugin ' } as const;

function cellDifferences(
  cell: string,
  before: LockedCell | undefined,
  after: LockedCell | undefined,
  reason: string | undefined,
): LockDifference[] {
  const difference = (field: string, from: Json | undefined, to: Json | undefined, text: string) => ({
    cell,
    field,
    before: from,
    after: to,
    text: `${cell}: ${text}`,
  });
  if (before === undefined) return [difference('', undefined, after!.uses, `a new ${after!.uses}`)];
  if (after === undefined) return [difference('', before.uses, undefined, 'no longer there')];
  const causes = [
    ...(before.uses === after.uses
      ? []
      : [difference('uses', before.uses, after.uses, `uses ${values(before.uses, after.uses)}`)]),
    ...leaves(before.options, after.options).map(([name, from, to]) =>
      difference(`options.${name}`, from, to, `options.${name} ${values(from, to)}`),
    ),
  ];
  const key = difference('key', before.key, after.key, reason ?? `key ${values(before.key, after.key)}`);
  return [
    ...causes,
    ...(before.key === after.key || causes.length > 0 ? [] : [key]),
    ...outputDifferences(before.outputs, after.outputs).map(([slot, from, to]) =>
      difference(`outputs.${slot}`, from, to, `${slot} ${values(from, to)}`),
    ),
    ...leaves(before.metrics, after.metrics).map(([name, from, to]) =>
      difference(`metrics.${name}`, from, to, `${name} ${values(from, to)}`),
    ),
  ];
}

type Mapping = Readonly<Record<string, Json>>;
type Leaf = readonly [name: string, before: Json | undefined, after: Json | undefined];

/** Differing values of two mappings; of mappings within them, those of theirs. */
function leaves(before: Mapping, after: Mapping): Leaf[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name): Leaf[] => {
    const [from, to] = [own(before, name), own(after, name)];
    if (isDeepStrictEqual(from, to)) return [];
    if (!isMapping(from) || !isMapping(to)) return [[name, from, to]];
    return leaves(from, to).map(([inner, ...rest]) => [`${name}.${inner}`, ...rest]);
  });
}

function outputDifferences(before: LockedCell['outputs'], after: LockedCell['outputs']): Leaf[] {
  const digests = (outputs: LockedCell['outputs']) =>
    Object.fromEntries(Object.entries(outputs).map(([slot, { digest }]) => [slot, digest]));
  return leaves(digests(before), digests(after));
}

function isMapping(value: Json | undefined): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function values(before: Json | undefined, after: Json | undefined): string {
  return `${short(before)} → ${short(after)}`;
}

/** Digests are told apart by their beginning. */
function short(value: Json | undefined): string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? `${value.slice(0, 12)}…` : shownValue(value);
}
