import type { Value } from '../onnx/builder.js';

/**
 * What is known about gradients that are zero wherever a forward value is not positive. Max pooling over a Relu masks
 * its gradient at the pooled size, where it is cheap, and notes it; the Relu's rule then has nothing left to mask.
 */
export class MaskNotes {
  private readonly masked = new Map<string, string>();

  /** Notes that `gradient` is zero wherever `value` <= 0. */
  note(gradient: Value, value: Value): void {
    this.masked.set(gradient.name, value.name);
  }

  isMasked(gradient: Value, value: Value): boolean {
    return this.masked.get(gradient.name) === value.name;
  }
}
