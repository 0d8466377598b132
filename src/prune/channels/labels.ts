/**
 * Which channels stand and fall together. Every channel of every value has a label; labels that the graph ties to each other are
 * one set (union-find), and a set that cannot be removed is frozen, with the reason in words.
 */
export class Labels {
  private readonly parents: number[] = [];
  private readonly reasons = new Map<number, string>();

  /** New labels, each a set of its own. */
  fresh(count: number): number[] {
    return Array.from({ length: count }, () => this.parents.push(this.parents.length) - 1);
  }

  /** A new label that cannot be removed. @param reason why its channels stay; goes on from "…, because" */
  frozen(reason: string): number {
    const label = this.fresh(1)[0]!;
    this.reasons.set(label, reason);
    return label;
  }

  /** The label that stands for the whole set. */
  find(label: number): number {
    let root = label;
    while (this.parents[root] !== root) root = this.parents[root]!;
    for (let next = label; next !== root; ) {
      const parent = this.parents[next]!;
      this.parents[next] = root;
      next = parent;
    }
    return root;
  }

  tie(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)].sort((x, y) => x - y) as [number, number];
    if (first === second) return;
    this.parents[second] = first;
    const reason = this.reasons.get(first) ?? this.reasons.get(second);
    if (reason !== undefined) this.reasons.set(first, reason);
  }

  freeze(label: number, reason: string): void {
    const root = this.find(label);
    if (!this.reasons.has(root)) this.reasons.set(root, reason);
  }

  /** Why the label's set stays, or undefined if it may go. */
  reasonOf(label: number): string | undefined {
    return this.reasons.get(this.find(label));
  }
}

/**
 * The labels along one axis of a value: one an index, or a single frozen label for all indices where the length is not known
 * before the model runs.
 */
export type Axis = readonly number[] | number;

/** Longer axes have a single label, and keep all: they are no channels, and a damaged model may name any length. */
export const MOST_CHANNELS = 2 ** 20;

/** The axes of a value; null where its rank is unknown. */
export type Axes = readonly Axis[] | null;

export function labelsOf(axis: Axis): readonly number[] {
  return typeof axis === 'number' ? [axis] : axis;
}
