import { UserError } from '../core/errors.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Draft } from './draft.js';
import { makerOf } from './maker.js';
import type { Plan } from './plan.js';
import { SourceFinder, type Wiring } from './sources.js';

/** Which cell's model goes where. Unknown stages and files that are written twice are problems. */
export function planExports(
  recipe: Recipe,
  drafts: readonly Draft[],
  wiring: ReadonlyMap<string, Wiring>,
  problems: UserError[],
): Plan['exports'] {
  const finder = new SourceFinder(recipe, drafts, problems);
  const taken = new Map<string, string>();
  return Object.entries(recipe.exports).flatMap(([name, { from, to }]) => {
    const refuse = (problem: string, fix: string, key: string) => {
      const place = recipe.locate(['exports', name, key]);
      problems.push(new UserError('PLAN_EXPORT', problem, fix, { place, class: 'usage' }));
    };
    const other = taken.get(to);
    if (other !== undefined) refuse(`The export "${other}" writes this file already.`, 'Choose another file.', 'to');
    taken.set(to, name);
    const source = finder.find(from, ['exports', name, 'from']);
    if (source === null) return [];
    const maker = makerOf(source, drafts, wiring);
    if (maker?.kind === 'model')
      refuse(`"${from}" is a file that exists already; exports are models of stages.`, '', 'from');
    return maker?.kind === 'stage' ? [{ name, cell: maker.stage, slot: maker.slot, to }] : [];
  });
}
