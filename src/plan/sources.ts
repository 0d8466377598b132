import { type Place, UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { nearest } from '../core/nearest.js';
import type { Path } from '../core/path.js';
import type { Labels } from '../recipe/labels.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Draft } from './draft.js';
import type { Drafts } from './drafts.js';

/** Where a model comes from, before stages that pass theirs on are looked through. */
export type DraftSource =
  | { readonly kind: 'cell'; readonly cell: string; readonly slot: string; readonly isWritten: boolean }
  | { readonly kind: 'model'; readonly name: string };

/** Who asks for a model: of a stage with several cells it gets the one that shares its labels. */
export interface Asker {
  readonly labels: Labels;
  /** What to do where several cells are possible; "<id>" stands for the stage's id, "<cell>" for one of its cells. */
  readonly advice: string;
}

/** Finds what a name under `from` means. */
export class SourceFinder {
  constructor(
    readonly recipe: Recipe,
    readonly drafts: Drafts,
    readonly problems: UserError[],
  ) {}

  /**
   * The source that a stage id, the id of a cell, either with ".output", or a model's name means; null if there is none
   * (then a problem is noted) or it is at fault.
   */
  find(name: string, path: Path, asker: Asker): DraftSource | null {
    if (Object.hasOwn(this.recipe.models, name)) return { kind: 'model', name };
    const place = this.recipe.locate(path, 'value', asker.labels);
    const [, id = name, output] = /^([^.[\]]+(?:\[.*\])?)(?:\.([^.\]]+))?$/s.exec(name) ?? [];
    const draft = this.cellNamed(id, name, place, asker);
    return draft === null ? null : this.outputOf(draft, output, place);
  }

  /** The cell that a stage id or the id of a cell means; null if there is none (then a problem is noted). */
  private cellNamed(id: string, name: string, place: Place, { labels, advice }: Asker): Draft | null {
    const exact = this.drafts.cell(id);
    if (exact !== undefined) return exact;
    const stage = id.split('[', 1)[0]!;
    const cells = this.drafts.stages.get(stage);
    if (cells === undefined) {
      const known = [...this.drafts.stages.keys(), ...Object.keys(this.recipe.models)];
      const problem = `"${name}" is neither a stage nor a name under models.`;
      // Of a cell's id the stage is what may be misspelt.
      const meant = stage === id ? undefined : nearest(stage, known);
      const fix = didYouMeanOrKnown(name, meant === undefined ? known : [meant + id.slice(stage.length)], '');
      this.note('PLAN_UNKNOWN_MODEL', problem, fix, place);
      return null;
    }
    if (stage !== id) {
      const fix = didYouMeanOrKnown(id, shown(cells), '');
      this.note('PLAN_UNKNOWN_MODEL', `"${id}" is no cell of the stage "${stage}".`, fix, place);
      return null;
    }
    const partner = this.drafts.partner(stage, labels);
    if (partner === undefined) this.noteSeveral(stage, `The stage "${stage}"`, advice, place);
    return partner ?? null;
  }

  /** @param subject "The stage above" … */
  noteSeveral(stage: string, subject: string, advice: string, place: Place): void {
    const cells = this.drafts.stages.get(stage)!;
    const fix = advice.replaceAll('<id>', stage).replaceAll('<cell>', cells[0]!.id);
    this.note('PLAN_SEVERAL_CELLS', `${subject} has ${cells.length} cells: which one is meant?`, fix, place);
  }

  /** An output of a cell; without a name its model. */
  outputOf(
    { id, stage, declaration, definition }: Draft,
    output: string | undefined,
    place: Place,
  ): DraftSource | null {
    if (definition === null) return null;
    const outputs = Object.keys(definition.outputs);
    const slot = output ?? (outputs.includes('model') ? 'model' : outputs[0]);
    if (slot === undefined) {
      const problem = `The stage "${stage}" (${declaration.uses}) makes no model.`;
      this.note('PLAN_NO_MODEL', problem, 'Name another stage.', place);
      return null;
    }
    if (outputs.includes(slot) && (output !== undefined || outputs.includes('model') || outputs.length === 1)) {
      return { kind: 'cell', cell: id, slot, isWritten: true };
    }
    const known = outputs.map((each) => `${stage}.${each}`);
    const problem =
      output === undefined
        ? `The stage "${stage}" has several outputs.`
        : `The stage "${stage}" has no output "${output}".`;
    this.note(
      'PLAN_UNKNOWN_SLOT',
      problem,
      didYouMeanOrKnown(output === undefined ? stage : `${stage}.${output}`, known, ''),
      place,
    );
    return null;
  }

  note(code: string, problem: string, fix: string, place: Place): void {
    this.problems.push(new UserError(code, problem, fix, { place, class: 'usage' }));
  }
}

/** Not all of ten thousand. */
function shown(cells: readonly Draft[]): string[] {
  return cells.slice(0, 12).map(({ id }) => id);
}
