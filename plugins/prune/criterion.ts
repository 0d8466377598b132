import { UserError } from 'onnx-lathe/plugin';
import type { Criterion } from 'onnx-lathe/prune';

export interface CriterionOptions {
  readonly threshold?: number | undefined;
  readonly keep?: number | undefined;
  readonly deviations?: number | undefined;
}

/** The one criterion that the options give, null if none. Throws PRUNE_CRITERIA for several, PRUNE_KEEP for a count that is none. */
export function criterionOf({ threshold, keep, deviations }: CriterionOptions, place: string): Criterion | null {
  const given = Object.entries({ threshold, keep, deviations }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const list = given.map(([name, value]) => `${name}: ${value}`).join(' and ');
    throw new UserError('PRUNE_CRITERIA', `${place} has ${list}, which contradict each other.`, 'Give one of them.');
  }
  if (keep !== undefined) {
    if (keep <= 0 || (keep > 1 && !Number.isInteger(keep))) {
      throw new UserError(
        'PRUNE_KEEP',
        `keep: ${keep} is neither a share above 0 and at most 1, nor a whole number of weights.`,
        'Write 0.1 or 10% for a tenth of the weights, 5000 for that many.',
      );
    }
    return { keep };
  }
  if (deviations !== undefined) return { deviations };
  return threshold === undefined ? null : { threshold };
}
