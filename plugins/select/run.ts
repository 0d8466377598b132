import { parseUnit } from 'onnx-lathe/core';
import { kneeOf, paretoFront } from 'onnx-lathe/evaluate';
import { type CollectedModel, type OptionsOf, type StageContext, UserError } from 'onnx-lathe/plugin';
import type { options } from './options.js';

type Options = OptionsOf<typeof options>;
type Requirement = NonNullable<Options['require']>[number];

/** A metric, and the factor that makes less of it better. */
interface Objective {
  readonly metric: string;
  readonly sign: 1 | -1;
}

export async function run({
  options,
  collected,
  choose,
  metric,
  log,
}: StageContext<Options>): Promise<Record<string, never>> {
  const objectives = objectivesOf(options);
  const candidates = satisfying(collected, options.require ?? []);
  const costs = candidates.map((model) => objectives.map(({ metric: name, sign }) => sign * numberOf(model, name)));
  // Sorted by the objectives in their order, then by label: what comes first is what wins a tie.
  const front = paretoFront(costs).sort((a, b) => inOrder(costs[a]!, costs[b]!));
  const place = options.pick === 'first' ? 0 : kneeOf(front.map((index) => costs[index]!));
  const best = candidates[front[place]!]!;

  choose('model', best);
  metric('chosen', best.label);
  metric('candidates', collected.length);
  const shown = (model: CollectedModel) =>
    Object.fromEntries(objectives.map(({ metric: name }) => [name, numberOf(model, name)]));
  metric(
    'front',
    front.map((index) => ({ cell: candidates[index]!.label, ...shown(candidates[index]!) })),
  );
  for (const [name, value] of Object.entries(best.metrics)) metric(name, value);
  log.info(`chose ${best.label} out of ${collected.length}`, shown(best));
  return {};
}

function objectivesOf({ maximize = [], minimize = [] }: Options): Objective[] {
  return [
    ...[maximize].flat().map((metric) => ({ metric, sign: -1 }) as const),
    ...[minimize].flat().map((metric) => ({ metric, sign: 1 }) as const),
  ];
}

function inOrder(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((cost, index) => cost !== other[index]);
  return at < 0 ? 0 : one[at]! - other[at]!;
}

function numberOf({ label, metrics }: CollectedModel, name: string): number {
  const value = metrics[name];
  if (typeof value === 'number') return value;
  throw new UserError(
    'SELECT_METRIC',
    value === null || value === undefined
      ? `The cell ${label} does not report "${name}".`
      : `"${name}" of the cell ${label} is not a single number.`,
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? `Name one of its values: ${Object.keys(value)
          .map((key) => `${name}.${key}`)
          .join(', ')}.`
      : 'Choose by another metric.',
    { class: 'stage' },
  );
}

/** The models that keep all limits. Throws SELECT_NONE if there is none. */
function satisfying(collected: readonly CollectedModel[], requirements: readonly Requirement[]): CollectedModel[] {
  const limits = requirements.flatMap(({ metric, min, max }) => [
    ...(min === undefined ? [] : [{ metric, limit: limitOf(min), written: min, sign: -1 }]),
    ...(max === undefined ? [] : [{ metric, limit: limitOf(max), written: max, sign: 1 }]),
  ]);
  let left = [...collected];
  for (const { metric, limit, written, sign } of limits) {
    const before = left;
    left = left.filter((model) => sign * numberOf(model, metric) <= sign * limit);
    if (left.length > 0) continue;
    const nearest = before.reduce((best, model) =>
      sign * numberOf(model, metric) < sign * numberOf(best, metric) ? model : best,
    );
    const rest = before.length < collected.length ? ' that keeps the limits before it' : '';
    throw new UserError(
      'SELECT_NONE',
      `No cell${rest} has ${metric} ${sign < 0 ? '>=' : '<='} ${written}; the nearest, ${nearest.label}, has ${numberOf(nearest, metric)}.`,
      'Loosen the limit, or let the sweep try other values.',
      { class: 'stage', option: ['require'] },
    );
  }
  return left;
}

/** The suffix tells the kind of unit: none means two things. */
function limitOf(written: number | string): number {
  if (typeof written === 'number') return written;
  for (const unit of ['ratio', 'bytes', 'duration'] as const) {
    const value = parseUnit(written, unit);
    if (value !== undefined) return value;
  }
  throw new Error(`internal: the schema accepts the limit ${written}`);
}
