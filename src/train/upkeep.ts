/**
 * Every so many steps, counted from the first of the training, the optimizer's state is looked after: see `StateBuffers.lookAfter`.
 * With momentum 0.9, what is above 1e-30 is above the smallest normal number as many steps later.
 */
export const UPKEEP_STEPS = 128;

/** How many steps from this one on (0 for the first) may be made before the state is looked after: 1 if that comes right after it. */
export function stepsUntilUpkeep(step: number): number {
  return UPKEEP_STEPS - (step % UPKEEP_STEPS);
}
