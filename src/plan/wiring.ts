import type { Place, UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { nearest } from '../core/nearest.js';
import type { Path } from '../core/path.js';
import type { InputSpec } from '../plugin/stage.js';
import { agree, labelText } from '../recipe/labels.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Draft } from './draft.js';
import type { Drafts } from './drafts.js';
import { type Asker, type DraftSource, SourceFinder } from './sources.js';

/** Connections of one cell. */
export interface Wiring {
  /** Slot → source; models that options name as `option:<name>`. */
  readonly sources: ReadonlyMap<string, DraftSource>;
  /** What `collect` brings, sorted by label. */
  readonly collected: readonly CollectedSource[];
  /** Cells of the stages named under `needs`. */
  readonly needs: readonly string[];
}

export interface CollectedSource {
  readonly label: string;
  readonly draft: Draft;
  readonly source: DraftSource;
}

/** Connects the cells: `from`, `each`, `collect`, slots, `needs` and the models that options name. */
export function wireCells(recipe: Recipe, drafts: Drafts, problems: UserError[]): Map<string, Wiring> {
  const finder = new SourceFinder(recipe, drafts, problems);
  return new Map(drafts.all.map((draft) => [draft.id, new CellWirer(draft, finder).wire()]));
}

const ADVICE = 'Write "each: <id>" to go on with each of them, or name one: "<cell>".';

class CellWirer {
  private readonly sources = new Map<string, DraftSource>();
  /** Slots whose source is at fault: they are not missing. */
  private readonly skipped = new Set<string>();
  private readonly asker: Asker;

  constructor(
    private readonly draft: Draft,
    private readonly finder: SourceFinder,
  ) {
    this.asker = { labels: draft.labels, advice: ADVICE };
  }

  wire(): Wiring {
    const { definition, references, path } = this.draft;
    if (definition !== null) this.wireInputs(definition.inputs);
    for (const { kind, name, path: at } of references) {
      if (kind !== 'model') continue;
      const source = this.finder.find(name, [...path, 'with', ...at], this.asker);
      if (source !== null) this.sources.set(`option:${name}`, source);
    }
    return { sources: this.sources, collected: this.wireCollected(), needs: this.wireNeeds() };
  }

  private wireNeeds(): string[] {
    const { stages } = this.finder.drafts;
    return this.draft.declaration.needs.flatMap((id, index) => {
      const cells = stages.get(id);
      if (cells !== undefined) {
        return cells.filter(({ labels }) => agree(labels, this.draft.labels)).map((cell) => cell.id);
      }
      this.noteUnknownStage(id, 'needs', index);
      return [];
    });
  }

  private wireCollected(): CollectedSource[] {
    const { declaration, definition, labels } = this.draft;
    const { collect, uses } = declaration;
    if (definition === null) return [];
    const note = (problem: string, fix: string, place: Place) => this.finder.note('PLAN_COLLECT', problem, fix, place);
    if (definition.collects !== true) {
      if (collect === null) return [];
      const place = this.finder.recipe.locate([...this.draft.path, 'collect'], 'key');
      note(`${uses} does not take several cells together.`, 'Use "each" to run it once for each of them.', place);
      return [];
    }
    if (collect === null) {
      note(`${uses} takes the cells of a stage, and nothing says of which.`, 'Add "collect".', this.place('uses'));
      return [];
    }
    const cells = this.finder.drafts.stages.get(collect);
    if (cells === undefined) {
      this.noteUnknownStage(collect, 'collect');
      return [];
    }
    const taken = cells.filter((cell) => agree(cell.labels, labels));
    if (taken.length === 0) {
      note(`No cell of "${collect}" goes with ${labelText(labels)}.`, 'Collect another stage.', this.place('collect'));
    }
    return taken
      .flatMap((draft) => {
        const source = this.finder.outputOf(draft, undefined, this.place('collect'));
        return source === null ? [] : [{ label: labelText(draft.labels), draft, source }];
      })
      .sort((a, b) => (a.label < b.label ? -1 : 1));
  }

  private wireInputs(inputs: Readonly<Record<string, InputSpec>>): void {
    const { declaration } = this.draft;
    const { from, each, uses } = declaration;
    const slots = Object.keys(inputs);
    if (from !== null && slots.length === 0) {
      const place = this.finder.recipe.locate([...this.draft.path, 'from'], 'key');
      const fix = 'Remove "from"; use "needs" for the order alone.';
      this.finder.note('PLAN_NO_INPUT', `${uses} takes no model.`, fix, place);
      return;
    }
    if (from === null && each === null) this.wireImplicitly(inputs);
    else if (from === null) this.wireFollowed(inputs, each!);
    else if (typeof from === 'string') {
      const slot = mainSlot(inputs) ?? (slots.length === 1 ? slots[0] : undefined);
      if (slot === undefined) {
        const example = `from: { ${slots.map((name) => `${name}: …`).join(', ')} }`;
        this.finder.note('PLAN_UNKNOWN_SLOT', `${uses} takes several models.`, `Write ${example}.`, this.place('from'));
        return;
      }
      this.connect(slot, from, 'from');
    } else this.wireSlots(from, slots);
    this.reportMissing(inputs);
  }

  private wireSlots(from: Readonly<Record<string, string>>, slots: readonly string[]): void {
    for (const [slot, name] of Object.entries(from)) {
      if (slots.includes(slot)) {
        this.connect(slot, name, 'from', slot);
        continue;
      }
      const place = this.finder.recipe.locate([...this.draft.path, 'from', slot], 'key');
      const problem = `${this.draft.declaration.uses} has no input "${slot}".`;
      this.finder.note('PLAN_UNKNOWN_SLOT', problem, didYouMeanOrKnown(slot, slots, ''), place);
      // A misspelt slot is one mistake, not two.
      const meant = nearest(slot, slots);
      if (meant !== undefined) this.skip(meant);
    }
  }

  /** With `each` and without `from`: the model of the cell that it follows. */
  private wireFollowed(inputs: Readonly<Record<string, InputSpec>>, each: string): void {
    const slot = mainSlot(inputs);
    if (slot !== undefined) this.connect(slot, each, 'each');
  }

  /** Without `from`: the model of the nearest stage above that has one. Optional inputs stay open. */
  private wireImplicitly(inputs: Readonly<Record<string, InputSpec>>): void {
    const slot = mainSlot(inputs);
    if (slot === undefined || inputs[slot] !== 'model') return;
    const { drafts } = this.finder;
    for (let index = this.draft.index - 1; index >= 0; index--) {
      const stage = drafts.order[index]!;
      const { definition } = drafts.stages.get(stage)![0]!;
      // Whether a stage of unknown kind makes a model is unknown, too.
      if (definition === null) {
        this.skip(slot);
        return;
      }
      const outputs = Object.keys(definition.outputs);
      if (outputs.length === 0) continue;
      const cell = drafts.partner(stage, this.draft.labels)?.id;
      const output = outputs.includes('model') ? 'model' : outputs[0]!;
      if (cell === undefined) {
        this.finder.noteSeveral(stage, `The stage above, "${stage}",`, ADVICE, this.place('uses'));
        this.skip(slot);
      } else this.sources.set(slot, { kind: 'cell', cell, slot: output, isWritten: false });
      return;
    }
  }

  private skip(slot: string): void {
    this.skipped.add(slot);
  }

  private connect(slot: string, name: string, ...path: Path): void {
    const source = this.finder.find(name, [...this.draft.path, ...path], this.asker);
    if (source === null) this.skip(slot);
    else this.sources.set(slot, source);
  }

  private reportMissing(inputs: Readonly<Record<string, InputSpec>>): void {
    const { declaration, path, index } = this.draft;
    const missing = Object.keys(inputs).filter(
      (slot) => inputs[slot] === 'model' && !this.sources.has(slot) && !this.skipped.has(slot),
    );
    if (missing.length === 0) return;
    const place = this.finder.recipe.locate(
      [...path, declaration.from === null ? 'uses' : 'from'],
      declaration.from === null ? 'value' : 'key',
    );
    const isFirst = declaration.from === null && missing.length === 1 && index === 0;
    const words = missing.map((slot) => `"${slot}"`).join(' and ');
    const problem =
      missing.length === 1 && missing[0] === 'model'
        ? `${declaration.uses} needs a model, and no stage above makes one.`
        : `${declaration.uses} needs a model as ${words}.`;
    const fix =
      isFirst || missing[0] === 'model'
        ? 'Say where it comes from: from: <stage or model>.'
        : `Write from: { ${missing.map((slot) => `${slot}: …`).join(', ')} }.`;
    this.finder.note('PLAN_MISSING_INPUT', problem, fix, place);
  }

  private noteUnknownStage(id: string, ...path: Path): void {
    const fix = didYouMeanOrKnown(id, [...this.finder.drafts.stages.keys()], '');
    this.finder.note('PLAN_UNKNOWN_STAGE', `There is no stage "${id}".`, fix, this.place(...path));
  }

  private place(...path: Path): Place {
    return this.finder.recipe.locate([...this.draft.path, ...path]);
  }
}

/** The slot that a plain `from` fills: "model", or the only one that must be filled. */
function mainSlot(inputs: Readonly<Record<string, InputSpec>>): string | undefined {
  if (inputs.model !== undefined) return 'model';
  const required = Object.keys(inputs).filter((slot) => inputs[slot] === 'model');
  return required.length === 1 ? required[0] : undefined;
}
