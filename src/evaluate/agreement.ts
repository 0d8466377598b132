import { largestIndex } from './classification.js';

/** Compares the outputs of two models batch by batch. */
export class AgreementTally {
  private agreeing = 0;
  private count = 0;
  private largest = 0;

  /** @param outputSize values a sample */
  constructor(private readonly outputSize: number) {}

  /** @param ours, theirs outputs [samples, outputSize] of the two models for the same samples */
  add(ours: Float32Array, theirs: Float32Array): void {
    for (let i = 0; i < ours.length; i++) this.largest = Math.max(this.largest, Math.abs(ours[i]! - theirs[i]!));
    for (let start = 0; start < ours.length; start += this.outputSize) {
      const end = start + this.outputSize;
      if (largestIndex(ours.subarray(start, end)) === largestIndex(theirs.subarray(start, end))) this.agreeing++;
      this.count++;
    }
  }

  /** Share of samples for which both models' largest output is the same, 0..1. */
  agreement(): number {
    return this.agreeing / this.count;
  }

  /** Largest absolute difference between two outputs. */
  maxAbsDiff(): number {
    return this.largest;
  }
}
