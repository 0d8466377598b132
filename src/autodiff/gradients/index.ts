import type { GradientRule } from '../rule.js';
import { absGradient } from './abs.js';
import { addGradient } from './add.js';
import { averagePoolGradient } from './average-pool.js';
import { batchNormalizationGradient } from './batch-normalization.js';
import { castGradient } from './cast.js';
import { ceilGradient } from './ceil.js';
import { celuGradient } from './celu.js';
import { clipGradient } from './clip.js';
import { concatGradient } from './concat.js';
import { convGradient } from './conv.js';
import { convTransposeGradient } from './conv-transpose.js';
import { cosGradient } from './cos.js';
import { cumSumGradient } from './cum-sum.js';
import { depthToSpaceGradient } from './depth-to-space.js';
import { dequantizeLinearGradient } from './dequantize-linear.js';
import { divGradient } from './div.js';
import { dropoutGradient } from './dropout.js';
import { einsumGradient } from './einsum.js';
import { eluGradient } from './elu.js';
import { erfGradient } from './erf.js';
import { expGradient } from './exp.js';
import { expandGradient } from './expand.js';
import { flattenGradient } from './flatten.js';
import { floorGradient } from './floor.js';
import { gatherGradient } from './gather.js';
import { gatherElementsGradient } from './gather-elements.js';
import { gatherNdGradient } from './gather-nd.js';
import { geluGradient } from './gelu.js';
import { gemmGradient } from './gemm.js';
import { globalAveragePoolGradient } from './global-average-pool.js';
import { globalMaxPoolGradient } from './global-max-pool.js';
import { groupNormalizationGradient } from './group-normalization.js';
import { hardSigmoidGradient } from './hard-sigmoid.js';
import { hardSwishGradient } from './hard-swish.js';
import { identityGradient } from './identity.js';
import { instanceNormalizationGradient } from './instance-normalization.js';
import { layerNormalizationGradient } from './layer-normalization.js';
import { leakyReluGradient } from './leaky-relu.js';
import { logGradient } from './log.js';
import { logSoftmaxGradient } from './log-softmax.js';
import { lpNormalizationGradient } from './lp-normalization.js';
import { lrnGradient } from './lrn.js';
import { matMulGradient } from './mat-mul.js';
import { maxGradient } from './max.js';
import { maxPoolGradient } from './max-pool.js';
import { meanGradient } from './mean.js';
import { meanVarianceNormalizationGradient } from './mean-variance-normalization.js';
import { minGradient } from './min.js';
import { mishGradient } from './mish.js';
import { mulGradient } from './mul.js';
import { negGradient } from './neg.js';
import { padGradient } from './pad.js';
import { powGradient } from './pow.js';
import { preluGradient } from './prelu.js';
import { quantizeLinearGradient } from './quantize-linear.js';
import { reciprocalGradient } from './reciprocal.js';
import { reduceL1Gradient } from './reduce-l1.js';
import { reduceL2Gradient } from './reduce-l2.js';
import { reduceLogSumGradient } from './reduce-log-sum.js';
import { reduceLogSumExpGradient } from './reduce-log-sum-exp.js';
import { reduceMaxGradient } from './reduce-max.js';
import { reduceMeanGradient } from './reduce-mean.js';
import { reduceMinGradient } from './reduce-min.js';
import { reduceProdGradient } from './reduce-prod.js';
import { reduceSumGradient } from './reduce-sum.js';
import { reduceSumSquareGradient } from './reduce-sum-square.js';
import { reluGradient } from './relu.js';
import { reshapeGradient } from './reshape.js';
import { resizeGradient } from './resize.js';
import { rmsNormalizationGradient } from './rms-normalization.js';
import { roundGradient } from './round.js';
import { scatterElementsGradient } from './scatter-elements.js';
import { scatterNdGradient } from './scatter-nd.js';
import { seluGradient } from './selu.js';
import { sigmoidGradient } from './sigmoid.js';
import { signGradient } from './sign.js';
import { sinGradient } from './sin.js';
import { sliceGradient } from './slice.js';
import { softmaxGradient } from './softmax.js';
import { softplusGradient } from './softplus.js';
import { softsignGradient } from './softsign.js';
import { spaceToDepthGradient } from './space-to-depth.js';
import { splitGradient } from './split.js';
import { sqrtGradient } from './sqrt.js';
import { squeezeGradient } from './squeeze.js';
import { subGradient } from './sub.js';
import { sumGradient } from './sum.js';
import { swishGradient } from './swish.js';
import { tanhGradient } from './tanh.js';
import { thresholdedReluGradient } from './thresholded-relu.js';
import { tileGradient } from './tile.js';
import { transposeGradient } from './transpose.js';
import { triluGradient } from './trilu.js';
import { unsqueezeGradient } from './unsqueeze.js';
import { whereGradient } from './where.js';

/** Every rule, sorted by operator: the folder's listing is the table of what Lathe can differentiate. */
export const GRADIENTS: readonly GradientRule[] = [
  absGradient,
  addGradient,
  averagePoolGradient,
  batchNormalizationGradient,
  castGradient,
  ceilGradient,
  celuGradient,
  clipGradient,
  concatGradient,
  convGradient,
  convTransposeGradient,
  cosGradient,
  cumSumGradient,
  depthToSpaceGradient,
  dequantizeLinearGradient,
  divGradient,
  dropoutGradient,
  einsumGradient,
  eluGradient,
  erfGradient,
  expGradient,
  expandGradient,
  flattenGradient,
  floorGradient,
  gatherGradient,
  gatherElementsGradient,
  gatherNdGradient,
  geluGradient,
  gemmGradient,
  globalAveragePoolGradient,
  globalMaxPoolGradient,
  groupNormalizationGradient,
  hardSigmoidGradient,
  hardSwishGradient,
  identityGradient,
  instanceNormalizationGradient,
  lrnGradient,
  layerNormalizationGradient,
  leakyReluGradient,
  logGradient,
  logSoftmaxGradient,
  lpNormalizationGradient,
  matMulGradient,
  maxGradient,
  maxPoolGradient,
  meanGradient,
  meanVarianceNormalizationGradient,
  minGradient,
  mishGradient,
  mulGradient,
  negGradient,
  preluGradient,
  padGradient,
  powGradient,
  quantizeLinearGradient,
  rmsNormalizationGradient,
  reciprocalGradient,
  reduceL1Gradient,
  reduceL2Gradient,
  reduceLogSumGradient,
  reduceLogSumExpGradient,
  reduceMaxGradient,
  reduceMeanGradient,
  reduceMinGradient,
  reduceProdGradient,
  reduceSumGradient,
  reduceSumSquareGradient,
  reluGradient,
  reshapeGradient,
  resizeGradient,
  roundGradient,
  scatterElementsGradient,
  scatterNdGradient,
  seluGradient,
  sigmoidGradient,
  signGradient,
  sinGradient,
  sliceGradient,
  softmaxGradient,
  softplusGradient,
  softsignGradient,
  spaceToDepthGradient,
  splitGradient,
  sqrtGradient,
  squeezeGradient,
  subGradient,
  sumGradient,
  swishGradient,
  tanhGradient,
  thresholdedReluGradient,
  tileGradient,
  transposeGradient,
  triluGradient,
  unsqueezeGradient,
  whereGradient,
];
