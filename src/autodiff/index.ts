export { type BackwardOptions, buildBackward } from './backward.js';
export { blockConvolutions } from './blocked-convolution.js';
export { checkDifferentiable } from './check.js';
export type { Verdict } from './check-input.js';
export { differentiability, type NodeDifferentiability } from './differentiability.js';
export { appendForward, type BatchNormForm, type Forward, type ForwardOptions } from './forward.js';
export { type CheckedFunction, type CheckOptions, checkGradients, type InputCheck } from './gradcheck.js';
export {
  checkModelGradients,
  type ModelCheck,
  type ModelCheckOptions,
  type NodeInputCheck,
  type WholeCheck,
} from './gradcheck-model.js';
export type { ChooseLowering, LoweringQuestion } from './lowerings/choice.js';
export { probeChannelBlock } from './probe-channel-block.js';
export { supportedOperators } from './refusal.js';
export {
  type CallBase,
  defineGradient,
  type GradientCall,
  type GradientDefinition,
  type GradientRule,
  type Gradients,
} from './rule.js';
export { standardForm } from './standard-form.js';
export { BUILT_IN_RULES, extendRules, type RuleTable, ruleFor } from './table.js';
export type { BatchStatistics, DropoutMask } from './training-form.js';
export { type MeasuredPiece, type TuneOptions, tuneLowerings } from './tune.js';
export { turnProducts } from './turn-products.js';
export { forTwoThreads } from './two-threads.js';
