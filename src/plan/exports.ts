import { UserError } from '../core/errors.js';
import type { Recipe } from '../recipe/recipe.js';
import type { AllowedPaths } from './allowed-paths.js';
import type { Draft } from './draft.js';
import type { Drafts } from './drafts.js';
import { makerOf } from './maker.js';
import type { Plan } from './plan.js';
import { SourceFinder } from './sources.js';
import { takenFile } from './taken-file.js';
import type { Wiring } from './wiring.js';

const ADVICE = 'Name one of them, "<cell>", all of them, "<id>[*]", or a stage that selects one.';

export interface ExportsRequest {
  readonly recipe: Recipe;
  readonly drafts: Drafts;
  readonly wiring: ReadonlyMap<string, Wiring>;
  readonly paths: AllowedPaths;
  readonly problems: UserError[];
}

/** Which cell's model goes where. Unknown stages, files that are written twice or hold something else, and folders that are not allowed are problems. */
export function planExports({ recipe, drafts, wiring, paths, problems }: ExportsRequest): Plan['exports'] {
  const finder = new SourceFinder(recipe, drafts, problems);
  const taken = new Map<string, string>();
  return Object.entries(recipe.exports).flatMap(([key, { from, to }]) => {
    const refuse = (problem: string, fix: string, at: string) => {
      const place = recipe.locate(['exports', key, at]);
      problems.push(new UserError('PLAN_EXPORT', problem, fix, { place, class: 'usage' }));
    };
    const outside = paths.refusal(to, 'export', recipe.locate(['exports', key, 'to']));
    if (outside !== undefined) problems.push(outside);
    const cells = cellsOf(from, drafts);
    const isPattern = to.includes(CELL_PATTERN);
    if (cells?.[0]?.label === '') {
      refuse(
        `"${cells[0].id}" has only one cell.`,
        `Write from: ${cells[0].id}, and a file without ${CELL_PATTERN}.`,
        'from',
      );
      return [];
    }
    if (cells !== null && !isPattern) {
      refuse(`All cells of "${from}" cannot go into one file.`, `Put ${CELL_PATTERN} into its name.`, 'to');
      return [];
    }
    if (cells === null && isPattern) {
      refuse(`${CELL_PATTERN} stands for the labels of several cells, and "${from}" is one model.`, '', 'to');
      return [];
    }
    const wanted = cells?.map(({ id, label }) => ({ name: `${key}[${label}]`, from: id, to: fileOf(to, label) }));
    return (wanted ?? [{ name: key, from, to }]).flatMap((each) => {
      const lost = outside === undefined ? takenFile(each.to) : undefined;
      if (lost !== undefined) refuse(lost, 'Choose another file, or move that away.', 'to');
      const other = taken.get(each.to);
      if (other !== undefined) refuse(`The export "${other}" writes this file already.`, 'Choose another file.', 'to');
      taken.set(each.to, each.name);
      const source = finder.find(each.from, ['exports', key, 'from'], { labels: {}, advice: ADVICE });
      if (source === null) return [];
      const maker = makerOf(source, drafts, wiring);
      if (maker?.kind === 'model')
        refuse(`"${from}" is a file that exists already; exports are models of stages.`, '', 'from');
      return maker?.kind === 'cell' ? [{ name: each.name, cell: maker.cell, slot: maker.slot, to: each.to }] : [];
    });
  });
}

/** Stands in a file's name for what tells the cells of a stage apart. */
const CELL_PATTERN = '{cell}';

/** The cells that "tuned[*]" means; null for any other text. */
function cellsOf(from: string, drafts: Drafts): { readonly id: string; readonly label: string }[] | null {
  const stage = /^([^.[\]]+)\[\*\]$/.exec(from)?.[1];
  const cells = stage === undefined ? undefined : drafts.stages.get(stage);
  return cells?.map((draft: Draft) => ({ id: draft.id, label: draft.id.slice(stage!.length + 1, -1) })) ?? null;
}

/** Labels may hold what a file's name may not; two that come out equal are found as one file that is written twice. */
function fileOf(to: string, label: string): string {
  return to.replaceAll(CELL_PATTERN, label.replaceAll(/[^\w.=,%+-]/g, '_'));
}
