import { cellId, type Labels } from '../recipe/labels.js';
import type { Draft } from './draft.js';

/** The drafts of all stages by cell and by stage. */
export class Drafts {
  /** Stages in the order of the recipe, each with its cells. */
  readonly stages: ReadonlyMap<string, readonly Draft[]>;
  /** Their ids. */
  readonly order: readonly string[];
  private readonly cells: ReadonlyMap<string, Draft>;
  private readonly keySets = new Map<string, readonly (readonly string[])[]>();

  constructor(readonly all: readonly Draft[]) {
    const stages = new Map<string, Draft[]>();
    for (const draft of all) {
      const cells = stages.get(draft.stage);
      if (cells === undefined) stages.set(draft.stage, [draft]);
      else cells.push(draft);
    }
    this.stages = stages;
    this.order = [...stages.keys()];
    this.cells = new Map(all.map((draft) => [draft.id, draft]));
  }

  cell(id: string): Draft | undefined {
    return this.cells.get(id);
  }

  /**
   * The cell of a stage that one with these labels goes with: the only one; otherwise the one whose labels are all among
   * them, and of several such the one with the most. Undefined if that is none, or more than one.
   */
  partner(stage: string, labels: Labels): Draft | undefined {
    const cells = this.stages.get(stage) ?? [];
    if (cells.length === 1) return cells[0];
    let best: { readonly draft: Draft; readonly size: number } | undefined;
    let isAmbiguous = false;
    for (const keys of this.keySetsOf(stage)) {
      if (best !== undefined && keys.length < best.size) break;
      if (!keys.every((key) => Object.hasOwn(labels, key))) continue;
      const draft = this.cells.get(cellId(stage, Object.fromEntries(keys.map((key) => [key, labels[key]!]))));
      if (draft === undefined) continue;
      isAmbiguous = best !== undefined;
      best = { draft, size: keys.length };
    }
    return isAmbiguous ? undefined : best?.draft;
  }

  /** The sets of keys that label the cells of a stage, the largest first: nearly always one. */
  private keySetsOf(stage: string): readonly (readonly string[])[] {
    let sets = this.keySets.get(stage);
    if (sets === undefined) {
      const distinct = new Map<string, string[]>();
      for (const { labels } of this.stages.get(stage) ?? []) {
        const keys = Object.keys(labels).sort();
        distinct.set(keys.join(','), keys);
      }
      sets = [...distinct.values()].sort((a, b) => b.length - a.length);
      this.keySets.set(stage, sets);
    }
    return sets;
  }
}
