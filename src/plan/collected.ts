import type { ActionRecord } from '../artifacts/action-record.js';
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import type { MetricSpec } from '../plugin/stage.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Draft } from './draft.js';
import { metricsNamed, partNames, partOf, type Reporters } from './metrics.js';
import type { Cell, CollectedCell } from './plan.js';
import type { Wiring } from './wiring.js';

/** Metrics that a cell reads of those that it collects: label → metric → value, null where a cell does not report it. */
export type CollectedMetrics = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** The slot that the model of a collected cell has among a cell's inputs. */
export function collectedSlot(label: string): string {
  return `${COLLECTED}${label}`;
}

/** The label behind such a slot; null for any other slot. */
export function labelOfSlot(slot: string): string | null {
  return slot.startsWith(COLLECTED) ? slot.slice(COLLECTED.length) : null;
}

/** The slot of the model that a result passes on as an output; undefined if it chose none. */
export function chosenSlot({ chosen }: Pick<ActionRecord, 'chosen'>, output: string): string | undefined {
  const label = chosen?.[output];
  return label === undefined ? undefined : collectedSlot(label);
}

const COLLECTED = 'collected:';

/** Refuses names of metrics that no collected cell reports. */
export function checkCollectedMetrics(
  recipe: Recipe,
  draft: Draft,
  { collected }: Wiring,
  reporters: Reporters,
  problems: UserError[],
): void {
  const first = collected[0]?.draft;
  if (first === undefined || first.definition === null) return;
  for (const { name, path } of metricsNamed(draft)) {
    const [metric] = name.split('.', 1) as [string];
    const reporter = reporters.find(first, metric);
    const parts = reporter && partNames(metric, reporter.spec);
    // What is inside a metric that tells no parts, such as one class of perClass, is known when it is there.
    if (reporter !== null && (parts === null || parts.includes(name))) continue;
    const asked = parts === null ? metric : name;
    const problem =
      parts !== null && name === metric
        ? `"${name}" is not a single number.`
        : `"${asked}" is no metric of ${first.stage} (${first.declaration.uses}).`;
    const known = parts ?? Object.keys(reporters.of(first));
    const fix = didYouMeanOrKnown(asked, known, 'Collect a stage that evaluates, or add measure to the recipe.');
    const place = recipe.locate([...draft.path, 'with', ...path], 'value', draft.labels);
    problems.push(new UserError('PLAN_UNKNOWN_METRIC', problem, fix, { place, class: 'usage' }));
  }
}

/** What a draft takes of the cells that it collects, and what it may report of them; null if it collects nothing. */
export function collectedCells(
  draft: Draft,
  { collected }: Wiring,
  reporters: Reporters,
): {
  readonly cells: Readonly<Record<string, CollectedCell>>;
  readonly specs: Readonly<Record<string, MetricSpec>>;
} | null {
  if (draft.definition?.collects !== true) return null;
  const specs: Record<string, MetricSpec> = {};
  const cells = collected.map(({ label, draft: taken }) => {
    const metrics: Record<string, { cell: string; path: string[] }> = {};
    for (const { name } of metricsNamed(draft)) {
      const path = name.split('.');
      const reporter = reporters.find(taken, path[0]!);
      if (reporter === null) throw new Error(`internal: nobody reports ${name} of ${taken.id}`);
      metrics[name] = { cell: reporter.cell, path };
      specs[name] = path.length === 1 ? reporter.spec : partOf(reporter.spec);
    }
    return [label, { cell: taken.id, labels: taken.labels, metrics }] as const;
  });
  return { cells: Object.fromEntries(cells), specs };
}

/** The cells whose metrics a cell reads. */
export function reportersOf({ collected }: Pick<Cell, 'collected'>): string[] {
  const cells = Object.values(collected ?? {}).flatMap(({ metrics }) => Object.values(metrics));
  return [...new Set(cells.map(({ cell }) => cell))];
}

/**
 * The metrics that a cell reads of those that it collects.
 * @param metricsOf the metrics that a cell has reported; undefined if it is not known
 * @returns null if those of one are not known
 */
export function readCollected(
  { collected }: Pick<Cell, 'collected'>,
  metricsOf: (cell: string) => Readonly<Record<string, Json>> | undefined,
): CollectedMetrics | null {
  const read: Record<string, Record<string, Json>> = {};
  for (const [label, { metrics }] of Object.entries(collected ?? {})) {
    const values: Record<string, Json> = {};
    for (const [name, { cell, path }] of Object.entries(metrics)) {
      const reported = metricsOf(cell);
      if (reported === undefined) return null;
      values[name] = valueAt(reported, path);
    }
    read[label] = values;
  }
  return read;
}

/** A value inside of metrics. Null where there is none. */
export function valueAt(reported: Readonly<Record<string, Json>>, path: readonly string[]): Json {
  let value: Json | undefined = reported;
  for (const part of path) value = isJsonMapping(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value ?? null;
}
