/** Adds up squared errors batch by batch. */
export class RegressionTally {
  private squares = 0;
  private count = 0;

  /** @param outputs as many values as `targets`, in the same order */
  add(outputs: Float32Array, targets: ArrayLike<number>): void {
    for (let i = 0; i < targets.length; i++) this.squares += (outputs[i]! - targets[i]!) ** 2;
    this.count += targets.length;
  }

  /** Mean squared error over all values so far; at least one must have been added. */
  meanSquaredError(): number {
    return this.squares / this.count;
  }
}
