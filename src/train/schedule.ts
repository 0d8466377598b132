/** Where a training run is. */
export interface Moment {
  /** 0 for the first step. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Of the whole run. */
  readonly steps: number;
}

/** How the learning rate moves: the factor of the base rate at a moment. */
export type Schedule = (moment: Moment) => number;

export interface ScheduleOptions {
  /** Epochs, or a fraction of one, over which the rate rises linearly; the first step has one part of it, not 0. */
  readonly warmup?: number;
}

/** Factor 1 throughout. */
export function constantSchedule(options: ScheduleOptions = {}): Schedule {
  return withWarmup(options, () => 1);
}

/** Factor `factor`^⌊epochs passed / every⌋. @param options.every epochs between two drops, may be a fraction */
export function stepSchedule(options: ScheduleOptions & { readonly every: number; readonly factor: number }): Schedule {
  const { every, factor } = options;
  return withWarmup(options, ({ step, stepsPerEpoch }) => {
    // "After 0.3 epochs" must not come one step late because 0.3 · 10 is 2.9999…
    return factor ** Math.floor(step / (every * stepsPerEpoch) + 1e-9);
  });
}

/**
 * Half a cosine from 1, at the end of the warm-up, to `final` after the last step.
 * Source: Loshchilov & Hutter 2017 (SGDR), without restarts.
 */
export function cosineSchedule(options: ScheduleOptions & { readonly final?: number } = {}): Schedule {
  const { warmup = 0, final = 0 } = options;
  return withWarmup(options, ({ step, stepsPerEpoch, steps }) => {
    const start = Math.min(warmup * stepsPerEpoch, steps);
    const share = steps === start ? 0 : Math.max(0, (step - start) / (steps - start));
    return final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * share));
  });
}

function withWarmup({ warmup = 0 }: ScheduleOptions, schedule: Schedule): Schedule {
  return (moment) => {
    const risen = warmup === 0 ? 1 : Math.min(1, (moment.step + 1) / (warmup * moment.stepsPerEpoch));
    return risen * schedule(moment);
  };
}
