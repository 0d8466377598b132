import type { Random } from '../core/random.js';
import type { Feed } from '../runtime/session.js';
import { measureSlope, type Slope } from './measure-slope.js';
import type { NodeAlone } from './node-alone.js';
import { signedNumbers } from './signed.js';

export type Verdict = 'agrees' | 'differs' | 'unmeasurable' | 'skipped';

export interface Judgement {
  readonly verdict: Verdict;
  /** Largest |backward − difference|, relative to the usual size of such a sum; 1 where that is 0. */
  readonly error: number;
  /** Both where the error is largest: the slope of a random sum of the outputs in a random direction. */
  readonly backward: number;
  readonly difference: number;
  /** Why it was skipped or could not be measured; '' otherwise. */
  readonly why: string;
}

export interface Tries {
  readonly input: Feed;
  readonly name: string;
  readonly probes: number;
  readonly tolerance: number;
  readonly random: Random;
}

/**
 * Whether the gradient of one input of a node is right, tried in random directions: the input moves as a whole, and the output
 * elements count with random weights. Tries with weights that have the signs of the slopes, where a wrong factor cannot
 * hide, take turns with others of random signs, where nothing that is added or exchanged can.
 */
export async function checkInput(node: NodeAlone, tries: Tries): Promise<Judgement> {
  const found: Judgement[] = [];
  for (let i = 0; i < tries.probes; i++) found.push(await tryOnce(node, tries, i));
  const verdict = BY_WEIGHT.find((each) => found.some((one) => one.verdict === each))!;
  return found.filter((one) => one.verdict === verdict).reduce((a, b) => (b.error > a.error ? b : a));
}

/** One agreement says more than a try that measured nothing. */
const BY_WEIGHT = ['differs', 'agrees', 'unmeasurable'] as const;

async function tryOnce(node: NodeAlone, tries: Tries, index: number): Promise<Judgement> {
  const { input, name, tolerance } = tries;
  const random = tries.random.derive(index);
  const data = input.data as Float32Array;
  const direction = directionFor(data, random.derive('input'));
  const moved = new Float32Array(data.length);
  const at = (t: number) => {
    for (let i = 0; i < data.length; i++) moved[i] = data[i]! + t * direction[i]!;
    return node.outputsWith(name, moved);
  };
  const weights = signedNumbers(node.outputCount, random.derive('outputs'));
  const measured = await measureSlope({ at, weights, isAligned: index % 2 === 0, tolerance });
  const gradient = (await node.gradients(measured.weights)).get(name);
  return judge(measured, gradient === undefined ? 0 : dot(gradient, direction), tolerance);
}

function judge(
  { slope: difference, size, uncertainty, smooth }: Slope,
  backward: number,
  tolerance: number,
): Judgement {
  const off = Math.abs(backward - difference);
  const found = { error: off === 0 ? 0 : size === 0 ? 1 : off / size, backward, difference };
  // Flat: saturated, or an operator of steps.
  const isFlat = size === 0 && smooth === 1 && backward === 0;
  if (isFlat || (size > 0 && Math.max(off, uncertainty) <= tolerance * size)) {
    return { verdict: 'agrees', ...found, why: '' };
  }
  if (smooth < LEAST_SMOOTH) return { verdict: 'unmeasurable', ...found, why: KINKS };
  // Not a number is a difference, too.
  const isWithin = off <= tolerance * size || off <= SURELY * uncertainty;
  return isWithin ? { verdict: 'unmeasurable', ...found, why: ROUNDING } : { verdict: 'differs', ...found, why: '' };
}

/** The judgement of what cannot be tried. */
export function skipped(why: string): Judgement {
  return { verdict: 'skipped', error: 0, backward: 0, difference: 0, why };
}

/** Where fewer of the output elements that move have a slope, a difference says nothing: float32 may be all that moves them. */
const LEAST_SMOOTH = 0.5;
/** A difference this many times the error of the measurement is none of the measurement's. */
const SURELY = 4;
const KINKS = 'most outputs are at a kink or a jump, or move by what float32 rounds';
const ROUNDING = 'the outputs move by little more than what float32 rounds';

/** Each element moves in proportion to its size, small ones somewhat more, so that operators with a limited domain stay in it. */
function directionFor(data: Float32Array, random: Random): Float32Array {
  const rootMeanSquare = Math.sqrt(dot(data, data) / data.length) || 1;
  const direction = signedNumbers(data.length, random);
  for (let i = 0; i < data.length; i++) direction[i]! *= Math.max(Math.abs(data[i]!), rootMeanSquare / 8);
  return direction;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
