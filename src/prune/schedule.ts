export type Curve = 'cubic' | 'linear';

/**
 * The sparsity at a point of a gradual schedule that falls off cubically: fast at first, gently at the end.
 * s(u) = final + (initial - final) (1 - clamp(u, 0, 1))^3, and exactly `final` from u = 1 on.
 * @param progress u = (t - t0) / (t1 - t0)
 * Source: Zhu and Gupta 2017, "To prune, or not to prune".
 */
export function cubicSchedule(initial: number, final: number, progress: number): number {
  return final + (initial - final) * remaining('cubic', progress);
}

/** The same with equal steps: s(u) = final + (initial - final) (1 - clamp(u, 0, 1)). */
export function linearSchedule(initial: number, final: number, progress: number): number {
  return final + (initial - final) * remaining('linear', progress);
}

/** The share of the way from the initial to the final sparsity that is still to go: 1 at the start, exactly 0 at the end. */
export function remaining(curve: Curve, progress: number): number {
  const left = 1 - Math.min(Math.max(progress, 0), 1);
  return curve === 'cubic' ? left ** 3 : left;
}
