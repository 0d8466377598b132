import { type Feed, floatFeed } from '../../runtime/session.js';
import { type TrainingState, zeroDropped } from './engine.js';
import { NAMES, type TrainingProgram } from './program.js';

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

  /** Inputs of the update, without gradients and hyperparameters. */
  feeds(): Record<string, Feed> {
    const feeds: Record<string, Feed> = { [NAMES.parameters]: this.parametersFeed() };
    this.program.slotNames.forEach((name, i) => {
      feeds[NAMES.slot + name] = floatFeed(this.now.slots[i]!, [this.program.size]);
    });
    if (this.keep !== null) feeds[NAMES.keep] = { dataType: 'bool', dims: [this.program.size], data: this.keep };
    return feeds;
  }

  /** Buffers for the outputs of the update; they become current by `swap`. */
  fetches(): Record<string, Feed> {
    const { outputs, size } = this.program;
    const fetches: Record<string, Feed> = { [outputs.parameters]: floatFeed(this.other.parameters, [size]) };
    outputs.slots.forEach((name, i) => {
      fetches[name] = floatFeed(this.other.slots[i]!, [size]);
    });
    return fetches;
  }

  swap(): void {
    [this.now, this.other] = [this.other, this.now];
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
