/** What a classifier got right. */
export interface ClassificationMetrics {
  /** Share of samples whose largest output is the label's, 0..1; of equal outputs the first counts. */
  readonly accuracy: number;
  /** Share of samples whose label is among the five largest outputs; null where there are at most five classes. */
  readonly top5: number | null;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Accuracy among the samples of each class, in class order; null where there are none. */
  readonly perClass: readonly (number | null)[];
  /** Samples by true class (row) and predicted class (column). */
  readonly confusion: readonly (readonly number[])[];
}

/** Smallest probability that a logarithm is taken of: the smallest normal float32. */
const SMALLEST_PROBABILITY = 2 ** -126;

/** Adds up predictions batch by batch. */
export class ClassificationTally {
  private readonly confusion: Float64Array;
  private inTop5 = 0;
  private lossSum = 0;
  private count = 0;

  /** @param hasProbabilities the outputs are probabilities, not logits */
  constructor(
    private readonly classes: number,
    private readonly hasProbabilities: boolean,
  ) {
    this.confusion = new Float64Array(classes * classes);
  }

  /**
   * @param outputs [labels.length, classes]
   * @param labels class indices
   */
  add(outputs: Float32Array, labels: ArrayLike<number>): void {
    for (let i = 0; i < labels.length; i++) {
      const row = outputs.subarray(i * this.classes, (i + 1) * this.classes);
      const label = labels[i]!;
      const cell = label * this.classes + largestIndex(row);
      this.confusion[cell] = this.confusion[cell]! + 1;
      if (rankOf(row, label) < 5) this.inTop5++;
      this.lossSum += this.hasProbabilities
        ? -Math.log(Math.max(row[label]!, SMALLEST_PROBABILITY))
        : crossEntropy(row, label);
      this.count++;
    }
  }

  /** The metrics so far. At least one sample must have been added. */
  metrics(): ClassificationMetrics {
    const confusion = Array.from({ length: this.classes }, (_, label) =>
      Array.from(this.confusion.subarray(label * this.classes, (label + 1) * this.classes)),
    );
    const correct = confusion.reduce((sum, row, label) => sum + row[label]!, 0);
    return {
      accuracy: correct / this.count,
      top5: this.classes > 5 ? this.inTop5 / this.count : null,
      loss: this.lossSum / this.count,
      perClass: confusion.map((row, label) => {
        const samples = row.reduce((sum, n) => sum + n, 0);
        return samples === 0 ? null : row[label]! / samples;
      }),
      confusion,
    };
  }
}

/** The index of the largest value; the first of equal ones. */
export function largestIndex(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** How many classes come before `label` in order of their outputs; of equal outputs the first comes first. */
function rankOf(outputs: Float32Array, label: number): number {
  const own = outputs[label]!;
  let before = 0;
  for (let i = 0; i < outputs.length; i++) if (outputs[i]! > own || (outputs[i] === own && i < label)) before++;
  return before;
}

/** -log softmax(logits)[label], with the largest logit taken out so that exp cannot overflow. */
function crossEntropy(logits: Float32Array, label: number): number {
  const largest = logits[largestIndex(logits)]!;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return Math.log(sum) + largest - logits[label]!;
}
