import type { Random } from '../core/random.js';

/**
 * Random numbers between 0.5 and 1.5 in size, of either sign: none counts for nothing, and errors cannot cancel by design.
 * They repeat after a prime number of elements, in step with no shape: drawing millions takes longer than all else.
 */
export function signedNumbers(count: number, random: Random): Float32Array {
  const numbers = new Float32Array(count);
  for (let i = 0; i < Math.min(count, PERIOD); i++) {
    const draw = 2 * random.uniform() - 1;
    numbers[i] = draw + 0.5 * (draw < 0 ? -1 : 1);
  }
  for (let i = PERIOD; i < count; i++) numbers[i] = numbers[i - PERIOD]!;
  return numbers;
}

const PERIOD = 65_521;
