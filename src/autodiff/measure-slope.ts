/** How fast a weighted sum of the output elements of a function moves with its input. */
export interface Slope {
  /** How much each element counts; 0 where it is not smooth. */
  readonly weights: Float32Array;
  /** The slope of the sum. */
  readonly slope: number;
  /** How large such a slope usually is: what an error has to be compared with. */
  readonly size: number;
  /** How far the slope may be off. */
  readonly uncertainty: number;
  /** The share of the output elements that move which are smooth here, not at a kink or a jump; 1 if none moves. */
  readonly smooth: number;
}

export interface SlopeOptions {
  /** The outputs for a move of the input by t times a direction, computed in float32. */
  readonly at: (t: number) => Promise<Float32Array>;
  /** Random weights of the output elements. */
  readonly weights: Float32Array;
  /** Whether the weights get the signs of the slopes: then no slope cancels another, and a wrong factor shows in any case. */
  readonly isAligned: boolean;
  /** Of the comparison that follows, relative. */
  readonly tolerance: number;
}

/**
 * The slope at t = 0 by central differences. Wide steps suffer from curvature and from kinks (of ReLU, of maxima), narrow ones
 * from rounding, and what is best differs from operator to operator. So steps are narrowed until those of a step and of a
 * quarter of it agree, which is decided without a look at what is to be checked. An element where they do not, or whose slopes
 * to the left and to the right stay apart however small the step, has no slope to compare with: it gets the weight 0.
 */
export async function measureSlope(options: SlopeOptions): Promise<Slope> {
  const { at, tolerance } = options;
  const middle = await at(0);
  let wide = await pairAt(at, WIDEST);
  let best: Slope | null = null;
  for (let k = 0; k < STEPS; k++) {
    const narrow = await pairAt(at, wide.step / NARROWING);
    const found = slopeOf({ ...options, middle, wide, narrow });
    if (best === null || quality(found, tolerance) > quality(best, tolerance)) best = found;
    if (found.smooth >= MOSTLY_SMOOTH && isClear(found, tolerance)) break;
    wide = narrow;
  }
  return best!;
}

/** The first step moves the input by a quarter of its size, the last by 1/65536 of it. */
const WIDEST = 2 ** -2;
const NARROWING = 4;
const STEPS = 7;
/** Narrower steps are tried as long as more elements than the rest look like kinks. */
const MOSTLY_SMOOTH = 0.9;

interface Pair {
  readonly step: number;
  readonly right: Float32Array;
  readonly left: Float32Array;
}

async function pairAt(at: SlopeOptions['at'], step: number): Promise<Pair> {
  return { step, right: await at(step), left: await at(-step) };
}

interface Measured extends SlopeOptions {
  readonly middle: Float32Array;
  readonly wide: Pair;
  readonly narrow: Pair;
}

function slopeOf({ middle, wide, narrow, weights, isAligned, tolerance }: Measured): Slope {
  const usual = usualSlope(wide);
  const kept = new Float32Array(weights.length);
  const [sizes, errors] = [new Norm(isAligned), new Norm(isAligned)];
  let [slope, moving, smooth] = [0, 0, 0];
  for (let i = 0; i < middle.length; i++) {
    const [y, a, c, p, q] = [middle[i]!, wide.left[i]!, wide.right[i]!, narrow.left[i]!, narrow.right[i]!];
    const own = (c - a) / (2 * wide.step);
    const off = Math.abs((q - p) / (2 * narrow.step) - own);
    const rounding = (HALF_ULP * Math.max(Math.abs(y), Math.abs(a), Math.abs(c))) / narrow.step;
    const slack = tolerance * Math.max(Math.abs(own), usual);
    // Of a smooth function the slopes to both sides come closer as the step shrinks; those of a kink stay apart.
    const gap = Math.abs(p - 2 * y + q) / narrow.step;
    const isKink = gap > slack + 4 * rounding && gap > Math.abs(a - 2 * y + c) / wide.step / 2;
    const isMoving = !(a === y && c === y && p === y && q === y);
    if (isMoving) moving++;
    // Not a number fails the comparison.
    if (isKink || !(off <= slack + 2 * rounding)) continue;
    if (isMoving) smooth++;
    const weight = isAligned ? Math.abs(weights[i]!) * (own < 0 ? -1 : 1) : weights[i]!;
    kept[i] = weight;
    slope += weight * own;
    sizes.add(weight * own);
    errors.add(weight * (off + rounding / NARROWING));
  }
  return {
    weights: kept,
    slope,
    size: sizes.total,
    uncertainty: errors.total,
    smooth: moving === 0 ? 1 : smooth / moving,
  };
}

/** Half the distance of neighbouring float32 numbers around 1. */
const HALF_ULP = 2 ** -24;

/** Root mean square of all slopes that are numbers. */
function usualSlope({ left, right, step }: Pair): number {
  let squares = 0;
  for (let i = 0; i < left.length; i++) {
    const slope = (right[i]! - left[i]!) / (2 * step);
    if (Number.isFinite(slope)) squares += slope ** 2;
  }
  return Math.sqrt(squares / left.length);
}

/** The size of a sum: of terms of equal sign their sum, of terms of random signs the root of their squares' sum. */
class Norm {
  private sum = 0;

  constructor(private readonly isAligned: boolean) {}

  add(term: number): void {
    this.sum += this.isAligned ? Math.abs(term) : term ** 2;
  }

  get total(): number {
    return this.isAligned ? this.sum : Math.sqrt(this.sum);
  }
}

/** The slope is known well enough for the comparison. */
function isClear({ size, uncertainty }: Slope, tolerance: number): boolean {
  return uncertainty <= (tolerance / 4) * size;
}

/** Clear slopes rank by what is smooth, others by the uncertainty; then come steps at which nothing moves. */
function quality(slope: Slope, tolerance: number): number {
  const { size, uncertainty, smooth } = slope;
  if (size === 0) return smooth === 1 ? -1 : -2;
  return isClear(slope, tolerance) ? smooth : -uncertainty / (size + uncertainty);
}
