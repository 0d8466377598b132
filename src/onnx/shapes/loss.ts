import { type RuleTable, type ShapeRule, typed } from './rule.js';

/** Scores [N, C, …], labels [N, …] → a scalar, or one loss per label; the second output has the scores' shape. */
const loss: ShapeRule = (call) => {
  const isScalar = call.string('reduction', 'mean') !== 'none';
  return [typed(call.dataType(0), isScalar ? [] : call.shape(1)), typed(call.dataType(0), call.shape(0))];
};

export const losses: RuleTable = { SoftmaxCrossEntropyLoss: loss, NegativeLogLikelihoodLoss: loss };
