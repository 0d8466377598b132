import { canonicalJson } from '../core/canonical-json.js';

export type LabelValue = string | number | boolean;

/** What tells the cells of a stage apart: the values that its matrix gives to this one. Empty for the only cell of a stage. */
export type Labels = Readonly<Record<string, LabelValue>>;

/** "bits=8,keep=0.1": keys sorted, so that equal labels give equal texts and others never do. Empty without labels. */
export function labelText(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((key) => `${key}=${valueText(labels[key]!)}`)
    .join(',');
}

/** "pruned[bits=8,keep=0.1]"; the stage's id where there is nothing to tell apart. */
export function cellId(stage: string, labels: Labels): string {
  const text = labelText(labels);
  return text === '' ? stage : `${stage}[${text}]`;
}

/** Whether every label of `some` is one of `all`. */
export function isPart(some: Labels, all: Labels): boolean {
  return Object.entries(some).every(([key, value]) => Object.hasOwn(all, key) && isSame(all[key]!, value));
}

/** Whether labels that both have are equal. */
export function agree(one: Labels, other: Labels): boolean {
  return Object.entries(one).every(([key, value]) => !Object.hasOwn(other, key) || isSame(other[key]!, value));
}

/** A text stands in quotes where it would read as a number, a truth value or the end of the label. */
export function valueText(value: LabelValue): string {
  if (typeof value !== 'string') return canonicalJson(value);
  const isPlain = /^[\w./%+-]+$/.test(value) && Number.isNaN(Number(value)) && value !== 'true' && value !== 'false';
  return isPlain ? value : JSON.stringify(value);
}

function isSame(one: LabelValue, other: LabelValue): boolean {
  return valueText(one) === valueText(other);
}
