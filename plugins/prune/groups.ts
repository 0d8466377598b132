import { overridesOf } from 'onnx-lathe/onnx';
import { atOption, type Model } from 'onnx-lathe/plugin';
import { DEFAULT_THRESHOLD, type MagnitudeRequest, prunableWeights, type Scope } from 'onnx-lathe/prune';
import { type CriterionOptions, criterionOf } from './criterion.js';

export interface GroupOptions extends CriterionOptions {
  readonly scope: Scope;
  readonly select?: Parameters<typeof prunableWeights>[1] | undefined;
  readonly overrides?: readonly { readonly select: object; readonly with: CriterionOptions }[] | undefined;
}

/** The selected weights by the criterion that holds for them: one group for the stage, one for each override. */
export function groupsOf(model: Model, { scope, select, overrides = [], ...rest }: GroupOptions): MagnitudeRequest[] {
  const weights = atOption('select', () => prunableWeights(model, select));
  const exceptions = atOption('overrides', () => overridesOf(model, overrides));
  const groups = [...overrides.map((override) => override.with), undefined].map((criterion) => ({
    weights: weights.filter((name) => exceptions.get(name) === criterion),
    criterion: criterionOf(criterion ?? rest, criterion === undefined ? 'prune' : 'overrides') ?? {
      threshold: DEFAULT_THRESHOLD,
    },
    scope,
  }));
  return groups.filter((group) => group.weights.length > 0);
}
