import { type Feed, floatFeed } from '../../runtime/session.js';
import { stepsUntilUpkeep } from '../upkeep.js';
import { type TrainingState, zeroDropped } from './engine.js';
import { NAMES, type Slice, type TrainingProgram, type UpdateOutputs } from './program.js';

/**
 * Weights and optimizer state twice: onnxruntime reads one set and writes the other, then they change places. Fresh
 * outputs of a megabyte or more would cost page faults and late garbage collection.
 */
export class StateBuffers {
  private now: TrainingState;
  private other: TrainingState;
  private readonly keep: Uint8Array | null;

  /** @param parameters copied */
  constructor(
    private readonly program: TrainingProgram,
    parameters: Float32Array,
  ) {
    const zeros = (): Float32Array[] => program.slotNames.map(() => new Float32Array(program.size));
    this.now = { parameters: parameters.slice(), slots: zeros() };
    this.other = { parameters: new Float32Array(program.size), slots: zeros() };
    this.keep = program.isMasked ? new Uint8Array(program.size).fill(1) : null;
  }

  get current(): TrainingState {
    return this.now;
  }

  /** The state before the last `swap`. */
  get previous(): TrainingState {
    return this.other;
  }

  parametersFeed(): Feed {
    return floatFeed(this.now.parameters, [this.program.size]);
  }

  /** Inputs of the update of a slice, without gradients and hyperparameters. @param suffix follows their names */
  feeds(slice: Slice, suffix = ''): Record<string, Feed> {
    const feeds: Record<string, Feed> = { [NAMES.parameters + suffix]: sliceFeed(this.now.parameters, slice) };
    this.program.slotNames.forEach((name, i) => {
      feeds[NAMES.slot + name + suffix] = sliceFeed(this.now.slots[i]!, slice);
    });
    if (this.keep !== null) {
      const { start, end, dims = [end - start] } = slice;
      feeds[NAMES.keep + suffix] = { dataType: 'bool', dims, data: this.keep.subarray(start, end) };
    }
    return feeds;
  }

  /** Buffers for the outputs of the update; they become current by `swap`. */
  fetches(outputs: UpdateOutputs, slice: Slice): Record<string, Feed> {
    const fetches: Record<string, Feed> = { [outputs.parameters]: sliceFeed(this.other.parameters, slice) };
    outputs.slots.forEach((name, i) => {
      fetches[name] = sliceFeed(this.other.slots[i]!, slice);
    });
    return fetches;
  }

  swap(): void {
    [this.now, this.other] = [this.other, this.now];
  }

  /**
   * After a step with whose number upkeep is due: shrinks state that has grown, and sets what is too small to matter to 0. The momentum
   * of a weight that receives no gradient shrinks until it is a denormal number, and those made an update three times slower.
   */
  lookAfter(step: number): void {
    if (stepsUntilUpkeep(step) > 1) return;
    for (const [index, slot] of this.now.slots.entries()) {
      const factor = this.program.slotFactors[index]!;
      if (factor !== 1) multiply(slot, factor);
      dropTiny(slot);
    }
  }

  /** Makes a state the current one: copied. */
  write({ parameters, slots }: TrainingState): void {
    this.now.parameters.set(parameters);
    slots.forEach((slot, i) => {
      this.now.slots[i]!.set(slot);
    });
  }

  setKeep(keep: Uint8Array): void {
    if (this.keep === null) throw new Error('internal: this training run was not planned with masks');
    this.keep.set(keep);
    zeroDropped(this.now.parameters, keep);
    for (const slot of this.now.slots) zeroDropped(slot, keep);
  }
}

/** A part of a vector, without a copy. */
export function sliceFeed(vector: Float32Array, { start, end, dims = [end - start] }: Slice): Feed {
  return floatFeed(vector.subarray(start, end), dims);
}

const TINY = 1e-30;

// Functions of their own: V8 compiles short loops over one array better than the same ones inside another.
function multiply(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}

function dropTiny(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) < TINY) values[i] = 0;
}
