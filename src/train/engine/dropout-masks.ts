import { Random } from '../../core/random.js';
import { sizeOf } from '../../onnx/tensor.js';
import type { Feed } from '../../runtime/session.js';
import type { TrainingProgram } from './program.js';

/** Makes the masks of a shard's dropout layers, in buffers that are reused. */
export class DropoutMasks {
  private readonly buffers: readonly Uint8Array[];

  /** @param steps so many at most are asked for at a time */
  constructor(
    private readonly program: Pick<TrainingProgram, 'dropouts' | 'dropoutSeed'>,
    steps = 1,
  ) {
    this.buffers = program.dropouts.map(({ shape }) => new Uint8Array(steps * sizeOf(shape)));
  }

  /** The feeds for one step of one shard, 1 = kept: they depend on seed, step and shard only. */
  feeds(step: number, shard: number): Record<string, Feed> {
    this.fill(0, step, shard);
    return this.asFeeds([], 1);
  }

  /** Those of several steps of the only shard, along a first axis. */
  feedsOfSteps(first: number, count: number): Record<string, Feed> {
    for (let i = 0; i < count; i++) this.fill(i, first + i, 0);
    return this.asFeeds([count], count);
  }

  /**
   * Fills a part of the buffers.
   * Two elements share a 32-bit draw, so a ratio is exact to 1/65536.
   */
  private fill(part: number, step: number, shard: number): void {
    const { dropouts, dropoutSeed } = this.program;
    if (dropouts.length === 0) return;
    const random = new Random(`${dropoutSeed}/${step}/${shard}`);
    dropouts.forEach(({ shape, ratio }, layer) => {
      const size = sizeOf(shape);
      const mask = this.buffers[layer]!.subarray(part * size, (part + 1) * size);
      fillMask(mask, Math.round(ratio * 65536), random);
    });
  }

  private asFeeds(lead: readonly number[], count: number): Record<string, Feed> {
    const feeds: Record<string, Feed> = {};
    this.program.dropouts.forEach(({ input, shape }, layer) => {
      const data = this.buffers[layer]!.subarray(0, count * sizeOf(shape));
      feeds[input] = { dataType: 'uint8', dims: [...lead, ...shape], data };
    });
    return feeds;
  }
}

/** @param limit of 65536 draws, how many drop an element */
function fillMask(mask: Uint8Array, limit: number, random: Random): void {
  for (let at = 0; at < mask.length; at += 2) {
    const bits = random.uint32();
    mask[at] = (bits & 0xffff) >= limit ? 1 : 0;
    // Past the end of an odd mask this writes nothing.
    mask[at + 1] = bits >>> 16 >= limit ? 1 : 0;
  }
}
