import { relative, sep } from 'node:path';
import type { KeyDetails } from '../artifacts/action-record.js';
import type { LockedCell, LockedRuntime, Lockfile } from '../artifacts/lockfile.js';
import type { StageRecord } from '../artifacts/run-record.js';
import type { Json } from '../core/canonical-json.js';
import type { MetricSpec, OutputSpec } from '../plugin/stage.js';
import { type CollectedMetrics, readCollected } from './collected.js';
import { forEachReference } from './key-details.js';
import { replaceAt } from './options.js';
import type { Cell, Plan } from './plan.js';

/** What a run of a plan came to, as a lockfile. @param stages a record with a result for every cell */
export function lockfileOf(plan: Plan, stages: readonly StageRecord[], runtime: LockedRuntime): Lockfile {
  const records = new Map(stages.map((stage) => [stage.cell, stage]));
  const cells = plan.cells.map(
    (cell) => [cell.id, lockedCell(cell, records.get(cell.id), plan.recipe.folder)] as const,
  );
  return { ...lockHead(plan, runtime), cells: Object.fromEntries(cells) };
}

/** What is known of a lockfile before anything has run: all but keys, outputs and metrics. */
export function lockHead({ recipe, cells }: Plan, runtime: LockedRuntime): Omit<Lockfile, 'cells'> {
  const plugins: Record<string, string> = {};
  const uses = cells.flatMap((cell) => [cell, ...Object.values(cell.data), ...Object.values(cell.networks)]);
  for (const use of uses) {
    if ('plugin' in use && use.plugin.kind === 'external') plugins[use.plugin.name] = use.plugin.digest;
  }
  return { version: 1, recipe: { name: recipe.name, digest: recipe.contentDigest }, runtime, plugins };
}

function lockedCell(cell: Cell, record: StageRecord | undefined, folder: string): LockedCell {
  if (record === undefined || record.key === null) throw new Error(`internal: ${cell.id} has no result to lock`);
  const made = Object.entries(record.outputs).filter(([slot]) => isOwn(cell.definition.outputs[slot]!));
  return {
    uses: cell.uses,
    key: record.key,
    options: portableOptions(cell, folder),
    outputs: Object.fromEntries(made.map(([slot, { digest, bytes }]) => [slot, { digest, bytes }])),
    metrics: lockedMetrics(record.metrics, cell.metrics),
  };
}

/** What a cell makes or chooses, but not what it merely passes on. */
function isOwn(spec: OutputSpec): boolean {
  return spec === 'model' || 'chosen' in spec;
}

/** A cell's options with paths as on any machine: relative to the recipe, with slashes. */
export function portableOptions(cell: Cell, folder: string): LockedCell['options'] {
  const paths: [readonly (string | number)[], Json][] = [];
  forEachReference(cell, (path, name, kind) => {
    if (kind === 'file' || kind === 'folder') paths.push([path, relative(folder, name).split(sep).join('/')]);
  });
  return replaceAt(cell.options, paths) as LockedCell['options'];
}

/** Single numbers that equal bits imply. */
export function lockedMetrics(
  metrics: Readonly<Record<string, Json>>,
  specs: Readonly<Record<string, MetricSpec>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) => {
      const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
      const isLocked = typeof value === 'number' && spec !== undefined && spec.unit !== 'ms' && spec.varies !== true;
      return isLocked ? [[name, value] as const] : [];
    }),
  );
}

/**
 * The lockfile that a run will write if every cell makes what the locked one says: known without running anything.
 * @param whole the plan of the whole recipe, @param plan the cells to tell of
 * @param keyOf makes keys with the lockfile's own runtime facts, so that they compare on another machine, too
 */
export function expectedLockfile(
  { whole, plan, runtime }: { readonly whole: Plan; readonly plan: Plan; readonly runtime: LockedRuntime },
  locked: Lockfile,
  keyOf: KeyOf,
): Lockfile {
  const cells = plan.cells.map((cell) => {
    const before = Object.hasOwn(locked.cells, cell.id) ? locked.cells[cell.id] : undefined;
    const key = keyByLock(cell, locked, keyOf);
    const expected: LockedCell = {
      uses: cell.uses,
      // Where an input is not in the lockfile, the cell that makes it is what is new.
      key: key?.key ?? before?.key ?? '',
      options: portableOptions(cell, plan.recipe.folder),
      outputs: before?.outputs ?? {},
      metrics: before?.metrics ?? {},
    };
    return [cell.id, expected] as const;
  });
  return { ...lockHead(whole, runtime), cells: Object.fromEntries(cells) };
}

type KeyOf = (cell: Cell, inputs: Readonly<Record<string, string>>, metrics?: CollectedMetrics) => ExplainableCellKey;

interface ExplainableCellKey {
  readonly key: string;
  readonly record: Json;
  readonly details: () => KeyDetails;
}

/** A cell's key if the cells before it make what the lockfile says; null if it does not tell. */
export function keyByLock(cell: Cell, locked: Lockfile, keyOf: KeyOf): ExplainableCellKey | null {
  const inputs = Object.entries(cell.inputs).map(([slot, source]) => {
    const digest = source.kind === 'cell' ? lockedOutput(locked, source.cell, source.slot) : source.digest;
    return [slot, digest] as const;
  });
  const metrics = lockedRead(cell, locked);
  if (metrics === null || inputs.some(([, digest]) => digest === undefined)) return null;
  return keyOf(cell, Object.fromEntries(inputs) as Record<string, string>, metrics);
}

/** Null if it reads what no lockfile tells: a time, or a value inside another. */
function lockedRead(cell: Cell, { cells }: Lockfile): CollectedMetrics | null {
  const read = readCollected(cell, (id) => (Object.hasOwn(cells, id) ? cells[id]!.metrics : undefined));
  const isKnown = Object.values(read ?? {}).every((metrics) => Object.values(metrics).every((value) => value !== null));
  return isKnown ? read : null;
}

function lockedOutput({ cells }: Lockfile, cell: string, slot: string): string | undefined {
  return Object.hasOwn(cells, cell) ? cells[cell]!.outputs[slot]?.digest : undefined;
}
