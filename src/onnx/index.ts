export * from './builder.js';
export { checkModel } from './check.js';
export { encodeMetadata } from './encode-metadata.js';
export * from './fold-batch-normalization.js';
export { forwardBytes, weightBytes } from './forward-bytes.js';
export { type InferOptions, inferShapes } from './infer.js';
export * from './ir.js';
export { constantTensor, liftConstants } from './lift.js';
export { liveBytes } from './live-bytes.js';
export { capturedNames, readNames, sortNodes } from './order.js';
export { readOutline } from './outline.js';
export { type DecodeOptions, decodeModel, readModel } from './read.js';
export {
  type Override,
  overridesOf,
  type Select,
  selectNodes,
  selectTensors,
  selectWeights,
} from './select.js';
export { SELECT_OPTION } from './select-option.js';
export {
  foldNode,
  hasShapeRule,
  type InferenceContext,
  inferNode,
  type KnownValues,
  type ValueType,
} from './shapes/index.js';
export { withStandIns } from './stand-ins.js';
export { type ModelSummary, type NodeSummary, summarizeModel, type ValueSummary } from './summary.js';
export * from './tensor.js';
export { upgradeOpset } from './upgrade.js';
export * from './versions.js';
export { consumersOf, isFloat, producersOf, type WeightLayer, weightAxes, weightLayers } from './weights.js';
export { encodeModel, type WriteOptions, writeModel, writtenBytes } from './write.js';
export { isWrittenOut, writtenOut } from './written-out/index.js';
