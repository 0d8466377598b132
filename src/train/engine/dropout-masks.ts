import { Random } from '../../core/random.js';
import { sizeOf } from '../../onnx/tensor.js';
import type { Feed } from '../../runtime/session.js';
import type { TrainingProgram } from './program.js';

/** Makes the masks of a shard's dropout layers, in buffers that are reused. */
export class DropoutMasks {
  private readonly buffers: readonly Uint8Array[];

  constructor(private readonly program: TrainingProgram) {
    this.buffers = program.dropouts.map(({ shape }) => new Uint8Array(sizeOf(shape)));
  }

  /**
   * The feeds for one step of one shard, 1 = kept: they depend on seed, step and shard only.
   * Two elements share a 32-bit draw, so a ratio is exact to 1/65536.
   */
  feeds(step: number, shard: number): Record<string, Feed> {
    const { dropouts, dropoutSeed } = this.program;
    if (dropouts.length === 0) return {};
    const random = new Random(`${dropoutSeed}/${step}/${shard}`);
    const feeds: Record<string, Feed> = {};
    dropouts.forEach(({ input, shape, ratio }, layer) => {
      const data = this.buffers[layer]!;
      fillMask(data, Math.round(ratio * 65536), random);
      feeds[input] = { dataType: 'uint8', dims: shape, data };
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
