import { UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { describeValue } from '../core/json-schema/words.js';
import type { Path } from '../core/path.js';
import type { UnitKind } from '../core/schema.js';
import { parseUnit, UNIT_EXAMPLES } from '../core/units.js';
import type { MetricSpec, StageDefinition } from '../plugin/stage.js';
import type { GateDeclaration, Recipe, WrittenGate } from '../recipe/recipe.js';
import type { Draft } from './draft.js';
import type { Gate } from './plan.js';

/** The unit in which a limit may be written, by the unit of its metric. */
const WRITTEN_UNITS: Readonly<Record<string, UnitKind>> = {
  bytes: 'bytes',
  count: 'bytes',
  ms: 'duration',
  ratio: 'ratio',
};
const LIMITS = ['min', 'max', 'maxDrop', 'maxRise'] as const;

/** A gate and the cell that reports its metric. */
export interface PlacedGate extends Gate {
  readonly cell: string;
}

export interface GatesRequest {
  readonly recipe: Recipe;
  readonly drafts: readonly Draft[];
  /** The stage behind `measure`; null without one. */
  readonly measure: StageDefinition | null;
  /** Ids of the stages that a measuring cell follows. */
  readonly measured: ReadonlySet<string>;
  readonly problems: UserError[];
}

/** The gates of all stages. A metric of the evaluation that `measure` adds counts as the stage's. */
export function placeGates(request: GatesRequest): PlacedGate[] {
  return request.drafts.flatMap((draft) =>
    Object.entries(draft.declaration.expect).flatMap(([metric, written]) => {
      const gate = placeGate(request, draft, metric, written);
      return gate === null ? [] : [gate];
    }),
  );
}

function placeGate(request: GatesRequest, draft: Draft, metric: string, written: WrittenGate): PlacedGate | null {
  const { recipe, drafts, problems } = request;
  const path = [...draft.path, 'expect', metric];
  const refuse = (problem: string, fix: string, at: Path, target: 'key' | 'value') => {
    problems.push(new UserError('PLAN_GATE', problem, fix, { place: recipe.locate(at, target), class: 'usage' }));
    return null;
  };
  if (draft.definition === null) return null;
  const reporter = reporterOf(request, draft, metric);
  if (reporter === null) {
    const known = metricsOf(request, draft);
    const none = `${draft.declaration.uses} reports no metrics; evaluate does.`;
    const owner = `${draft.id} (${draft.declaration.uses})`;
    return refuse(`"${metric}" is no metric of ${owner}.`, didYouMeanOrKnown(metric, known, none), path, 'key');
  }
  if (reporter.spec.unit === '')
    return refuse(`"${metric}" is not a single number, so that no limit fits it.`, '', path, 'key');
  const gate: { -readonly [key in keyof GateDeclaration]: GateDeclaration[key] } = {};
  for (const limit of LIMITS) {
    const value = written[limit];
    if (value === undefined) continue;
    const unit = WRITTEN_UNITS[reporter.spec.unit];
    const number = typeof value === 'number' ? value : unit === undefined ? undefined : parseUnit(value, unit);
    if (number === undefined) {
      const takes = unit === undefined ? 'a plain number' : `a number or a text such as ${UNIT_EXAMPLES[unit]}`;
      return refuse(
        `"${limit}" of "${metric}" takes ${takes}, not ${describeValue(value)}.`,
        '',
        [...path, limit],
        'value',
      );
    }
    gate[limit] = number;
  }
  if (gate.min !== undefined && gate.max !== undefined && gate.min > gate.max) {
    return refuse(
      `No ${metric} is at least ${written.min} and at most ${written.max}.`,
      'Swap or change the limits.',
      path,
      'value',
    );
  }
  const placed = { metric, place: recipe.locate(path, 'key'), cell: reporter.cell };
  if (written.from === undefined) return { ...placed, gate, against: null };
  const other = drafts.find(({ id }) => id === written.from);
  if (other === undefined) {
    const known = drafts.map(({ id }) => id).filter((id) => id !== draft.id);
    const fix = didYouMeanOrKnown(written.from, known, '');
    return refuse(`There is no stage "${written.from}".`, fix, [...path, 'from'], 'value');
  }
  if (other.definition === null) return null;
  const reference = reporterOf(request, other, metric);
  if (other.id === draft.id || reference === null) {
    const problem =
      other.id === draft.id
        ? 'A gate cannot compare a stage with itself.'
        : `The stage "${other.id}" (${other.declaration.uses}) reports no "${metric}" to compare with.`;
    return refuse(problem, 'Name another stage that reports it.', [...path, 'from'], 'value');
  }
  return { ...placed, gate: { ...gate, from: written.from }, against: reference.cell };
}

function reporterOf(
  { measure, measured }: GatesRequest,
  { id, definition }: Draft,
  metric: string,
): { readonly cell: string; readonly spec: MetricSpec } | null {
  const own = lookUp(definition?.metrics, metric);
  if (own !== undefined) return { cell: id, spec: own };
  const spec = measured.has(id) ? lookUp(measure?.metrics, metric) : undefined;
  return spec === undefined ? null : { cell: measureCell(id), spec };
}

/** A recipe may well ask for the metric "constructor". */
function lookUp(metrics: Readonly<Record<string, MetricSpec>> | undefined, name: string): MetricSpec | undefined {
  return metrics !== undefined && Object.hasOwn(metrics, name) ? metrics[name] : undefined;
}

function metricsOf({ measure, measured }: GatesRequest, { id, definition }: Draft): string[] {
  const all = { ...definition?.metrics, ...(measured.has(id) ? measure?.metrics : {}) };
  return Object.entries(all)
    .filter(([, { unit }]) => unit !== '')
    .map(([name]) => name);
}

/** The cell that `measure` adds behind a stage. */
export function measureCell(stage: string): string {
  return `${stage}.measure`;
}
