import { UserError } from '../core/errors.js';

/** Number of classes that labels 0..K-1 speak of: the highest plus one. */
export function countClasses(labels: ArrayLike<number>): number {
  let highest = -1;
  for (let i = 0; i < labels.length; i++) if (labels[i]! > highest) highest = labels[i]!;
  return highest + 1;
}

/** Checks that every label is one of 0..classes-1. Throws DATA_LABEL_RANGE naming the first that is not. */
export function checkLabels(labels: ArrayLike<number>, classes: number, source: string): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    throw new UserError(
      'DATA_LABEL_RANGE',
      `${source}: label ${label} at sample ${i} is not one of the ${classes} classes 0..${classes - 1}.`,
      'Labels are whole numbers from 0; correct the file, or set classes.',
    );
  }
}

/** Checks that there is a label for every sample. Throws DATA_COUNT. */
export function checkCounts(samples: number, samplesFile: string, labels: number, labelsFile: string): void {
  if (samples === labels) return;
  throw new UserError(
    'DATA_COUNT',
    `${samplesFile} holds ${samples} samples, but ${labelsFile} holds ${labels} labels.`,
    'Give the two files that belong together.',
  );
}
