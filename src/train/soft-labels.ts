import type { Mix } from '../data/augment/mixup.js';
import type { Target } from '../data/dataset.js';

/** What decides whether the labels of training batches are rows of shares instead of class numbers. */
interface LabelFacts {
  readonly target: Target;
  readonly classWeights: readonly number[] | null;
  readonly isMixed: boolean;
}

/** What a training batch holds for labels: rows with a number per class where classes are weighted or mixed. */
export function batchTarget({ target, classWeights, isMixed }: LabelFacts): Target {
  const isSoft = target.kind === 'class' && (classWeights !== null || isMixed);
  return isSoft ? { kind: 'value', shape: [target.classes] } : target;
}

/**
 * Writes rows of shares: a one-hot row per label, or the blend of two. With class weights every row is scaled by N / W, where W
 * is the weight of all labels of the batch: the mean over samples of weighted losses is then the weighted mean of the
 * losses, as PyTorch defines it, however the batch is split afterwards.
 * @param rows [N, classes], overwritten
 */
export function writeSoftLabels(
  rows: Float32Array,
  labels: Int32Array,
  {
    mix,
    classWeights,
    classes,
  }: { readonly mix: Mix | null; readonly classWeights: readonly number[] | null; readonly classes: number },
): void {
  rows.fill(0);
  let weight = 0;
  const add = (i: number, label: number, share: number): void => {
    rows[i * classes + label]! += share;
    weight += share * (classWeights?.[label] ?? 1);
  };
  for (let i = 0; i < labels.length; i++) {
    const share = mix?.share[i] ?? 1;
    add(i, labels[i]!, share);
    if (mix !== null) add(i, labels[mix.partner[i]!]!, 1 - share);
  }
  if (classWeights === null) return;
  // A batch that counts nothing has loss 0.
  const scale = weight === 0 ? 0 : labels.length / weight;
  for (let at = 0; at < rows.length; at++) rows[at]! *= scale;
}
