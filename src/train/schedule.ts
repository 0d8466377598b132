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

/** Factor `factor`^(epochs passed), falling a little with every step. */
export function exponentialSchedule(options: ScheduleOptions & { readonly factor: number }): Schedule {
  return withWarmup(options, ({ step, stepsPerEpoch }) => options.factor ** (step / stepsPerEpoch));
}

/** From 1, at the end of the warm-up, straight to `final` after the last step. */
export function linearSchedule(options: ScheduleOptions & { readonly final?: number } = {}): Schedule {
  return polynomialSchedule({ ...options, power: 1 });
}

/** final + (1 − final)·(1 − s)^power, where s runs from 0, at the end of the warm-up, to 1 after the last step. */
export function polynomialSchedule(
  options: ScheduleOptions & { readonly power: number; readonly final?: number },
): Schedule {
  const { power, final = 0 } = options;
  return withWarmup(options, (moment) => final + (1 - final) * (1 - shareAfterWarmup(moment, options)) ** power);
}

/**
 * Half a cosine from 1, at the end of the warm-up, to `final` after the last step.
 * Source: Loshchilov & Hutter 2017 (SGDR), without restarts.
 */
export function cosineSchedule(options: ScheduleOptions & { readonly final?: number } = {}): Schedule {
  const { final = 0 } = options;
  return withWarmup(options, (moment) => betweenByCosine(1, final, shareAfterWarmup(moment, options)));
}

export interface OneCycleOptions {
  /** Share of the steps over which the rate rises. */
  readonly rise: number;
  /** Factor at the first step, and at the last. */
  readonly start: number;
  readonly final: number;
}

/**
 * Half a cosine up from `start` to 1, then half a cosine down to `final`, which the last step has.
 * Source: Smith & Topin 2018, "Super-Convergence", as PyTorch's OneCycleLR with two phases (its div_factor is 1/start, its
 * final_div_factor start/final).
 */
export function oneCycleSchedule({ rise, start, final }: OneCycleOptions): Schedule {
  return ({ step, steps }) => {
    // May lie between two steps; without a step before it there is no rise.
    const top = Math.max(0, rise * steps - 1);
    if (step < top) return betweenByCosine(start, 1, step / top);
    return steps - 1 <= top ? 1 : betweenByCosine(1, final, (step - top) / (steps - 1 - top));
  };
}

/** 0 until the warm-up ends, 1 after the last step. */
function shareAfterWarmup({ step, stepsPerEpoch, steps }: Moment, { warmup = 0 }: ScheduleOptions): number {
  const start = Math.min(warmup * stepsPerEpoch, steps);
  return steps === start ? 0 : Math.max(0, (step - start) / (steps - start));
}

/** From `a` at share 0 to `b` at share 1, along half a cosine. */
function betweenByCosine(a: number, b: number, share: number): number {
  return b + (a - b) * 0.5 * (1 + Math.cos(Math.PI * share));
}

function withWarmup({ warmup = 0 }: ScheduleOptions, schedule: Schedule): Schedule {
  return (moment) => {
    const risen = warmup === 0 ? 1 : Math.min(1, (moment.step + 1) / (warmup * moment.stepsPerEpoch));
    return risen * schedule(moment);
  };
}
