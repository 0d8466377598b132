import { UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import type { GatesRequest } from './gates.js';
import { type Tolerance, toleranceOf } from './tolerance.js';

/** Cell id → metric → tolerance. A metric of the evaluation that `measure` adds belongs to that cell. */
export type PlacedTolerances = ReadonlyMap<string, Readonly<Record<string, Tolerance>>>;

/** The tolerances that the stages declare, of all their cells. Unknown metrics are problems. */
export function placeTolerances({ recipe, drafts, reporters, problems }: GatesRequest): PlacedTolerances {
  const placed = new Map<string, Record<string, Tolerance>>();
  for (const draft of drafts.all) {
    if (draft.definition === null) continue;
    for (const [metric, written] of Object.entries(draft.declaration.tolerance)) {
      const reporter = reporters.find(draft, metric);
      if (reporter === null) {
        const problem = `"${metric}" is no metric of ${draft.stage} (${draft.declaration.uses}).`;
        const fix = didYouMeanOrKnown(metric, Object.keys(reporters.of(draft)), '');
        const place = recipe.locate([...draft.path, 'tolerance', metric], 'key');
        problems.push(new UserError('PLAN_TOLERANCE', problem, fix, { place, class: 'usage' }));
        continue;
      }
      placed.set(reporter.cell, { ...placed.get(reporter.cell), [metric]: toleranceOf(written)! });
    }
  }
  return placed;
}
