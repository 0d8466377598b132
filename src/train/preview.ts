import { Augmenter } from '../data/augment/augmenter.js';
import type { Model } from '../onnx/ir.js';
import { withStandIns } from '../onnx/stand-ins.js';
import { tryTraining } from './build.js';
import { checkRequest } from './check-request.js';
import { resolveClassWeights } from './class-weights.js';
import { foldRequest } from './fold-request.js';
import type { TrainRequest } from './request.js';

/** What is known of a training beforehand. */
export interface TrainingPreview {
  readonly model: Model;
  /** See `trainingMemory`. */
  readonly memory?: number;
}

/**
 * What `train` would give back, with stand-ins for the weights that it trains: 0 where a mask keeps them so. Computes nothing
 * and reads no sample.
 * Throws UserError where `train` would before its first step: TRAIN_…, AUTODIFF_…, SELECT_…, DATA_AUGMENT.
 */
export async function previewTraining(given: TrainRequest): Promise<TrainingPreview> {
  checkRequest(given);
  const request = given.batchNorm === 'folded' ? foldRequest(given) : given;
  const { data, augment, random, model, masks } = request;
  if (augment !== undefined) new Augmenter(augment, data, random);
  const { trained, memory } = tryTraining(request, await knownClassWeights(request));
  return { model: withStandIns(model, trained, masks), ...(memory !== null && { memory }) };
}

/** Balanced ones depend on the labels; for what the graph looks like, any others will do. */
async function knownClassWeights(request: TrainRequest): Promise<readonly number[] | null> {
  const { classWeights, data } = request;
  if (classWeights !== 'balanced' || data.target.kind !== 'class') return resolveClassWeights(request);
  return Array<number>(data.target.classes).fill(1);
}
