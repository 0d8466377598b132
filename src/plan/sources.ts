import { type Place, UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { nearest } from '../core/nearest.js';
import type { Path } from '../core/path.js';
import type { InputSpec } from '../plugin/stage.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Draft } from './draft.js';

/** Where a model comes from, before stages that pass theirs on are looked through. */
export type DraftSource =
  | { readonly kind: 'stage'; readonly stage: string; readonly slot: string; readonly isWritten: boolean }
  | { readonly kind: 'model'; readonly name: string };

/** Connections of one stage. */
export interface Wiring {
  /** Slot → source; models that options name as `option:<name>`. */
  readonly sources: ReadonlyMap<string, DraftSource>;
  /** Stages named under `needs`. */
  readonly needs: readonly string[];
}

/** Connects the stages: `from`, slots, `needs` and the models that options name. */
export function wireStages(recipe: Recipe, drafts: readonly Draft[], problems: UserError[]): Map<string, Wiring> {
  const finder = new SourceFinder(recipe, drafts, problems);
  return new Map(drafts.map((draft) => [draft.id, new StageWirer(draft, finder).wire()]));
}

/** Finds what a name under `from` means. */
export class SourceFinder {
  constructor(
    readonly recipe: Recipe,
    readonly drafts: readonly Draft[],
    readonly problems: UserError[],
  ) {}

  /** The source that a stage id, "id.output" or model name means; null if there is none (then a problem is noted) or it is at fault. */
  find(name: string, path: Path): DraftSource | null {
    if (Object.hasOwn(this.recipe.models, name)) return { kind: 'model', name };
    const [id, output] = name.split('.', 2) as [string, string | undefined];
    const draft = this.drafts.find((each) => each.id === id);
    const place = this.recipe.locate(path);
    if (draft === undefined) {
      const known = [...this.drafts.map((each) => each.id), ...Object.keys(this.recipe.models)];
      const fix = didYouMeanOrKnown(name, known, '');
      this.note('PLAN_UNKNOWN_MODEL', `"${name}" is neither a stage nor a name under models.`, fix, place);
      return null;
    }
    if (draft.definition === null) return null;
    const outputs = Object.keys(draft.definition.outputs);
    const slot = output ?? (outputs.includes('model') ? 'model' : outputs[0]);
    if (slot === undefined) {
      this.note(
        'PLAN_NO_MODEL',
        `The stage "${id}" (${draft.declaration.uses}) makes no model.`,
        'Name another stage.',
        place,
      );
      return null;
    }
    if (outputs.includes(slot) && (output !== undefined || outputs.includes('model') || outputs.length === 1)) {
      return { kind: 'stage', stage: id, slot, isWritten: true };
    }
    const known = outputs.map((each) => `${id}.${each}`);
    const problem =
      output === undefined ? `The stage "${id}" has several outputs.` : `The stage "${id}" has no output "${output}".`;
    this.note('PLAN_UNKNOWN_SLOT', problem, didYouMeanOrKnown(name, known, ''), place);
    return null;
  }

  note(code: string, problem: string, fix: string, place: Place): void {
    this.problems.push(new UserError(code, problem, fix, { place, class: 'usage' }));
  }
}

class StageWirer {
  private readonly sources = new Map<string, DraftSource>();
  /** Slots whose source is at fault: they are not missing. */
  private readonly skipped = new Set<string>();

  constructor(
    private readonly draft: Draft,
    private readonly finder: SourceFinder,
  ) {}

  wire(): Wiring {
    const { declaration, definition, references, path } = this.draft;
    if (definition !== null) this.wireInputs(definition.inputs);
    for (const { kind, name, path: at } of references) {
      if (kind !== 'model') continue;
      const source = this.finder.find(name, [...path, 'with', ...at]);
      if (source !== null) this.sources.set(`option:${name}`, source);
    }
    const known = this.finder.drafts.map(({ id }) => id);
    const needs = declaration.needs.filter((id, index) => {
      if (known.includes(id)) return true;
      const fix = didYouMeanOrKnown(id, known, '');
      this.finder.note('PLAN_UNKNOWN_STAGE', `There is no stage "${id}".`, fix, this.place('needs', index));
      return false;
    });
    return { sources: this.sources, needs };
  }

  private wireInputs(inputs: Readonly<Record<string, InputSpec>>): void {
    const { declaration } = this.draft;
    const { from, uses } = declaration;
    const slots = Object.keys(inputs);
    if (from !== null && slots.length === 0) {
      const place = this.finder.recipe.locate([...this.draft.path, 'from'], 'key');
      this.finder.note(
        'PLAN_NO_INPUT',
        `${uses} takes no model.`,
        'Remove "from"; use "needs" for the order alone.',
        place,
      );
      return;
    }
    if (from === null) this.wireImplicitly(inputs);
    else if (typeof from === 'string') {
      const slot = mainSlot(inputs) ?? (slots.length === 1 ? slots[0] : undefined);
      if (slot === undefined) {
        const example = `from: { ${slots.map((each) => `${each}: …`).join(', ')} }`;
        this.finder.note('PLAN_UNKNOWN_SLOT', `${uses} takes several models.`, `Write ${example}.`, this.place('from'));
        return;
      }
      this.connect(slot, from, 'from');
    } else {
      for (const [slot, name] of Object.entries(from)) {
        if (slots.includes(slot)) {
          this.connect(slot, name, 'from', slot);
          continue;
        }
        const place = this.finder.recipe.locate([...this.draft.path, 'from', slot], 'key');
        const fix = didYouMeanOrKnown(slot, slots, '');
        this.finder.note('PLAN_UNKNOWN_SLOT', `${uses} has no input "${slot}".`, fix, place);
        // A misspelt slot is one mistake, not two.
        const meant = nearest(slot, slots);
        if (meant !== undefined) this.skip(meant);
      }
    }
    this.reportMissing(inputs);
  }

  /** Without `from`: the model of the nearest stage above that has one. Optional inputs stay open. */
  private wireImplicitly(inputs: Readonly<Record<string, InputSpec>>): void {
    const { drafts } = this.finder;
    const slot = mainSlot(inputs);
    if (slot === undefined || inputs[slot] !== 'model') return;
    for (const above of drafts.slice(0, this.draft.index).reverse()) {
      // Whether a stage of unknown kind makes a model is unknown, too.
      if (above.definition === null) {
        this.skip(slot);
        return;
      }
      const outputs = Object.keys(above.definition.outputs);
      if (outputs.length === 0) continue;
      const output = outputs.includes('model') ? 'model' : outputs[0]!;
      this.sources.set(slot, { kind: 'stage', stage: above.id, slot: output, isWritten: false });
      return;
    }
  }

  private skip(slot: string): void {
    this.skipped.add(slot);
  }

  private connect(slot: string, name: string, ...path: Path): void {
    const source = this.finder.find(name, [...this.draft.path, ...path]);
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
