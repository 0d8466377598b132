import { Random } from '../../core/random.js';
import type { TrainingProgram } from './program.js';

/**
 * Fills the mask of all dropout layers for one step of one shard: 1 = kept. It depends on seed, step and shard only.
 * Two elements share a 32-bit draw, so a ratio is exact to 1/65536.
 */
export function fillDropoutMasks(program: TrainingProgram, step: number, shard: number, mask: Uint8Array): void {
  const random = new Random(`${program.dropoutSeed}/${step}/${shard}`);
  let at = 0;
  for (const { size, ratio } of program.dropouts) {
    const limit = Math.round(ratio * 65536);
    const end = at + size;
    while (at < end) {
      const bits = random.uint32();
      mask[at++] = (bits & 0xffff) >= limit ? 1 : 0;
      if (at < end) mask[at++] = bits >>> 16 >= limit ? 1 : 0;
    }
  }
}

export function dropoutSize(program: TrainingProgram): number {
  return program.dropouts.reduce((sum, { size }) => sum + size, 0);
}
