import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { differentiability } from '../../../src/autodiff/differentiability.js';
import { BUILT_INS } from '../../../src/cli/registries.js';
import { isUserError, UserErrors } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import type { Dataset, Samples } from '../../../src/data/dataset.js';
import { countMacs } from '../../../src/evaluate/macs.js';
import { modelSize } from '../../../src/evaluate/model-size.js';
import { withSymbolicBatch } from '../../../src/network/symbolic-batch.js';
import { checkModel } from '../../../src/onnx/check.js';
import { externalDataIn } from '../../../src/onnx/external-data.js';
import { foldBatchNormalization } from '../../../src/onnx/fold-batch-normalization.js';
import { indexGraph } from '../../../src/onnx/graph-index.js';
import { inferShapes } from '../../../src/onnx/infer.js';
import { cloneModel, type Model } from '../../../src/onnx/ir.js';
import { decodeModel } from '../../../src/onnx/read.js';
import { summarizeModel } from '../../../src/onnx/summary.js';
import { upgradeOpset } from '../../../src/onnx/upgrade.js';
import { encodeModel } from '../../../src/onnx/write.js';
import { createRegistries } from '../../../src/plugin/registries.js';
import { channelGroups, chooseChannels, removeChannels, selectChannels } from '../../../src/prune/channels/index.js';
import { applyMasks } from '../../../src/prune/masks.js';
import { prunableWeights } from '../../../src/prune/prunable-weights.js';
import { pruneGroups } from '../../../src/prune/prune-gradually.js';
import { planQdq } from '../../../src/quantize/qdq-plan.js';
import { quantizeDynamic } from '../../../src/quantize/quantize-dynamic.js';
import { QDQ_OPSET, quantizeWeights } from '../../../src/quantize/quantize-weights.js';
import { quantizableWeights } from '../../../src/quantize/select-quantizable.js';
import { buildTraining } from '../../../src/train/build.js';
import { checkRequest } from '../../../src/train/check-request.js';
import { crossEntropy } from '../../../src/train/losses/cross-entropy.js';
import { sgd } from '../../../src/train/optimizers/sgd.js';
import type { TrainRequest } from '../../../src/train/request.js';
import { type ByteEdit, byteEdits, editBytes } from './bytes.js';
import type { Fuzzer } from './fuzzer.js';
import { editFields, type FieldEdit, fieldEdits } from './protobuf.js';
import { modelSubjects } from './subjects.js';

type Case = { readonly subject: number; readonly other: number } & (
  | { readonly kind: 'bytes'; readonly edits: readonly ByteEdit[] }
  | { readonly kind: 'fields'; readonly edits: readonly FieldEdit[] }
);

/** Changed models, through all that Lathe does to one before onnxruntime sees it. @param folder for their external data */
export async function modelFuzzer(folder: string): Promise<Fuzzer> {
  const subjects = await modelSubjects(createRegistries(BUILT_INS));
  writeFileSync(join(folder, 'model.data'), new Uint8Array(64));
  const index = fc.nat(subjects.length - 1);
  const cases: fc.Arbitrary<Case> = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('bytes' as const), subject: index, other: index, edits: byteEdits }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('fields' as const), subject: index, other: index, edits: fieldEdits }),
    },
  );
  return {
    extension: 'onnx',
    make(seed) {
      const [each] = fc.sample(cases, { seed, numRuns: 1 });
      const subject = subjects[each!.subject]!;
      return {
        bytes:
          each!.kind === 'bytes'
            ? editBytes(subject, each!.edits, subjects[each!.other]!)
            : Buffer.from(editFields(subject, each!.edits)),
      };
    },
    async examine(bytes) {
      const external = externalDataIn(folder);
      try {
        const model = decodeModel(bytes, { name: 'model.onnx', externalData: external.load });
        const found = [inspect(model), ...workOn(model)];
        return `read, ${found.filter((each) => each === '').length} of ${found.length} steps`;
      } finally {
        external.close();
      }
    },
  };
}

/** As `lathe inspect`: it looks at models that nothing has checked. @returns '' or the code of the refusal */
function inspect(model: Model): string {
  return attempt(() => {
    const { shapeProblem } = summarizeModel(model);
    modelSize(model);
    if (shapeProblem !== null) return;
    countMacs(model);
    differentiability(model);
  });
}

/** What stages do with a model that they load, each with a copy of its own. */
function workOn(model: Model): string[] {
  if (attempt(() => checkModel(model)) !== '') return ['checked'];
  const steps: ((copy: Model) => void)[] = [
    (copy) => void inferShapes(copy),
    (copy) => void upgradeOpset(copy),
    (copy) => checkModel(decodeModel(encodeModel(copy))),
    train,
    (copy) => {
      const weights = prunableWeights(copy);
      applyMasks(copy, pruneGroups(copy, [{ weights, criterion: { keep: 0.5 }, scope: 'layer' }]).masks);
    },
    (copy) => {
      const all = channelGroups(copy);
      const { groups } = selectChannels(copy, all);
      const request = { groups, keep: 0.5, scope: 'layer', importance: 'l2', roundTo: 1 } as const;
      removeChannels(copy, all, chooseChannels(copy, all, request));
    },
    (copy) => void quantizeDynamic(copy, { isSelected: () => true, granularity: 'channel', convolutions: true }),
    (copy) =>
      void quantizeWeights(copy, {
        weights: quantizableWeights(copy),
        scheme: 'affine-uint8',
        granularity: 'channel',
        center: 'mean',
      }),
    (copy) => {
      const folded = foldBatchNormalization(upgradeOpset(copy, QDQ_OPSET));
      planQdq({ model: folded, index: indexGraph(folded), types: inferShapes(folded), isSelected: () => true });
    },
  ];
  return steps.map((step) => attempt(() => step(cloneModel(model))));
}

/** Differentiates a model for samples as its input asks for, as far as it says so. */
function train(copy: Model): void {
  const model = withSymbolicBatch(copy);
  const dims = (model.graph.inputs[0]?.shape ?? [null, 4]).slice(1);
  const inputShape = dims.map((dim) => (typeof dim === 'number' && dim > 0 && dim < 64 ? dim : 2));
  const samples: Samples = { count: 8, read: () => {} };
  const data: Dataset = {
    inputShape,
    target: { kind: 'class', classes: 3 },
    train: samples,
    validation: samples,
    test: null,
  };
  const request: TrainRequest = {
    model,
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 }),
    length: { steps: 2 },
    batch: 4,
    random: new Random('fuzz'),
  };
  checkRequest(request);
  buildTraining(request, null, null);
}

function attempt(step: () => void): string {
  try {
    step();
    return '';
  } catch (error) {
    if (error instanceof UserErrors) return error.errors[0]!.code;
    if (isUserError(error)) return error.code;
    throw error;
  }
}
