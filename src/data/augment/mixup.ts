import type { Random } from '../../core/random.js';

/** How the samples of a batch are blended: sample i counts `share[i]`, sample `partner[i]` the rest. */
export interface Mix {
  readonly partner: Uint32Array;
  readonly share: Float32Array;
}

/**
 * Partners by a random order of the batch, and for every sample a share from Beta(alpha, alpha).
 * Source: Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization"; there one share serves a whole batch.
 * @param alpha in (0, 4]
 */
export function drawMix(count: number, alpha: number, random: Random): Mix {
  const partner = random.permutation(count);
  const share = Float32Array.from({ length: count }, () => symmetricBeta(alpha, random));
  return { partner, share };
}

/** Blends rows of `width` values in place: samples, or labels that are numbers. */
export function mixRows(values: Float32Array, width: number, { partner, share }: Mix): void {
  const before = values.slice(0, partner.length * width);
  for (let i = 0; i < partner.length; i++) {
    const own = share[i]!;
    const rest = 1 - own;
    let at = i * width;
    let other = partner[i]! * width;
    for (const end = at + width; at < end; at++, other++) values[at] = own * before[at]! + rest * before[other]!;
  }
}

/** A number from Beta(a, a), by Jöhnk's rejection; logarithms, since u^(1/a) underflows for small a. */
function symmetricBeta(a: number, random: Random): number {
  for (;;) {
    const u = Math.log(1 - random.uniform()) / a;
    const v = Math.log(1 - random.uniform()) / a;
    const top = Math.max(u, v);
    const sum = top + Math.log(Math.exp(u - top) + Math.exp(v - top));
    if (sum <= 0) return Math.exp(u - sum);
  }
}
