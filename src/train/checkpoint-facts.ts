import { atLeastZero, either, entries, listOf, nothing, numeric, text, whole } from '../core/shape.js';
import type { HistoryEntry } from './request.js';
import type { StepCurveState } from './step-curve.js';

/** What a checkpoint holds besides weights. */
export interface CheckpointFacts {
  readonly fingerprint: string;
  readonly step: number;
  readonly epoch: {
    readonly elapsedMs: number;
    readonly steps: number;
    readonly loss: number;
    readonly correct: number;
  };
  readonly history: readonly HistoryEntry[];
  readonly curve: StepCurveState;
  /** The entry of the weights that are kept. */
  readonly kept: HistoryEntry | null;
}

/** The facts in a part of a checkpoint; null for what is none. */
export function readFacts(part: Uint8Array): CheckpointFacts | null {
  try {
    const facts: unknown = JSON.parse(new TextDecoder().decode(part));
    return isFacts(facts) ? (facts as CheckpointFacts) : null;
  } catch {
    return null;
  }
}

/** Whether a run of so many steps can have come to these facts. */
export function arePossible(
  { step, epoch, history, curve, kept }: CheckpointFacts,
  { steps, stepsPerEpoch }: { readonly steps: number; readonly stepsPerEpoch: number },
): boolean {
  const judged = history.at(-1)?.step ?? 0;
  const points = curve.step.length;
  return (
    step >= 1 &&
    step <= steps &&
    // Every epoch but the last has all its steps, and the one that goes on may have come to its end.
    history.every((entry, i) => entry.step === Math.min((i + 1) * stepsPerEpoch, steps)) &&
    epoch.steps === step - judged &&
    epoch.steps <= stepsPerEpoch &&
    (kept === null) === (history.length === 0) &&
    curve.loss.length === points &&
    curve.learningRate.length === points &&
    (curve.step.at(-1) ?? 0) + curve.open.steps === step
  );
}

const score = either(numeric, nothing);
const isEntry = entries({
  epoch: atLeastZero,
  step: whole,
  loss: numeric,
  accuracy: score,
  validationLoss: score,
  validationAccuracy: score,
  learningRate: numeric,
  imagesPerS: numeric,
});
const isFacts = entries({
  fingerprint: text(),
  step: whole,
  epoch: entries({ elapsedMs: numeric, steps: whole, loss: numeric, correct: atLeastZero }),
  history: listOf(isEntry),
  curve: entries({
    step: listOf(whole),
    loss: listOf(numeric),
    learningRate: listOf(numeric),
    open: entries({ steps: whole, loss: numeric }),
  }),
  kept: either(nothing, isEntry),
});
