import { UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { describeValue } from '../core/json-schema/words.js';
import type { Path } from '../core/path.js';
import type { UnitKind } from '../core/schema.js';
import { parseUnit, UNIT_EXAMPLES } from '../core/units.js';
import type { GateDeclaration, Recipe, WrittenGate } from '../recipe/recipe.js';
import type { Draft } from './draft.js';
import type { Drafts } from './drafts.js';
import { isNumber, numbersAmong, partNames, type Reporters } from './metrics.js';
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
  readonly drafts: Drafts;
  readonly reporters: Reporters;
  readonly problems: UserError[];
}

/** The gates of all cells. A metric of the evaluation that `measure` adds counts as the cell's. */
export function placeGates(request: GatesRequest): PlacedGate[] {
  return request.drafts.all.flatMap((draft) =>
    Object.entries(draft.expect).flatMap(([metric, written]) => {
      const gate = placeGate(request, draft, metric, written);
      return gate === null ? [] : [gate];
    }),
  );
}

function placeGate(request: GatesRequest, draft: Draft, metric: string, written: WrittenGate): PlacedGate | null {
  const { recipe, drafts, reporters, problems } = request;
  const { labels } = draft;
  const path = [...draft.path, 'expect', metric];
  const refuse = (problem: string, fix: string, at: Path, target: 'key' | 'value') => {
    problems.push(
      new UserError('PLAN_GATE', problem, fix, { place: recipe.locate(at, target, labels), class: 'usage' }),
    );
    return null;
  };
  if (draft.definition === null) return null;
  const reporter = reporters.find(draft, metric);
  if (reporter === null) {
    const known = numbersAmong(reporters.of(draft));
    const none = `${draft.declaration.uses} reports no metrics; evaluate does.`;
    const owner = `${draft.stage} (${draft.declaration.uses})`;
    return refuse(`"${metric}" is no metric of ${owner}.`, didYouMeanOrKnown(metric, known, none), path, 'key');
  }
  if (!isNumber(reporter.spec)) {
    const parts = partNames(metric, reporter.spec);
    const fix = parts === null ? '' : `Name one of its values: ${parts.join(', ')}.`;
    return refuse(`"${metric}" is not a single number, so that no limit fits it.`, fix, path, 'key');
  }
  const gate: { -readonly [key in keyof GateDeclaration]: GateDeclaration[key] } = {};
  for (const limit of LIMITS) {
    const value = written[limit];
    if (value === undefined) continue;
    const unit = WRITTEN_UNITS[reporter.spec.unit];
    const number =
      typeof value === 'number'
        ? value
        : unit === undefined || typeof value !== 'string'
          ? undefined
          : parseUnit(value, unit);
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
  const other = referenceOf(drafts, draft, written.from);
  if (other === undefined) {
    const cells = drafts.stages.get(written.from);
    const known = drafts.order.filter((id) => id !== draft.stage);
    const [problem, fix] =
      cells === undefined
        ? [`There is no stage "${written.from}".`, didYouMeanOrKnown(written.from, known, '')]
        : [
            `The stage "${written.from}" has ${cells.length} cells.`,
            `Name one of them, for instance "${cells[0]!.id}".`,
          ];
    return refuse(problem, fix, [...path, 'from'], 'value');
  }
  if (other.definition === null) return null;
  const isMeasured = reporter.cell !== draft.id || evaluatesAsMeasure(draft, recipe);
  const reference = reporters.find(other, metric, isMeasured ? 'measured' : 'own');
  if (other.id === draft.id || reference === null) {
    const problem =
      other.id === draft.id
        ? 'A gate cannot compare a stage with itself.'
        : `The stage "${other.stage}" (${other.declaration.uses}) reports no "${metric}" to compare with.`;
    return refuse(problem, 'Name another stage that reports it.', [...path, 'from'], 'value');
  }
  return { ...placed, gate: { ...gate, from: written.from }, against: reference.cell };
}

/** A training tells of the data that it chose by: what was measured on the test part is compared with what was, too. */
function evaluatesAsMeasure({ declaration, options }: Draft, { measure }: Recipe): boolean {
  return declaration.uses === 'evaluate' && options?.data === measure?.data && options?.split === undefined;
}

/** The cell that a gate compares with: the one that is named, or the one of a stage that shares the gate's labels. */
function referenceOf(drafts: Drafts, { labels }: Draft, name: string): Draft | undefined {
  return drafts.cell(name) ?? drafts.partner(name, labels);
}
