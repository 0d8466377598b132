import type { Dataset, Samples } from '../data/dataset.js';
import type { Model } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import type { Provider } from '../runtime/provider.js';
import { floatFeed, Session } from '../runtime/session.js';
import { AgreementTally } from './agreement.js';
import { type ClassificationMetrics, ClassificationTally } from './classification.js';
import { type Latency, type LatencyOptions, measureLatency } from './latency.js';
import { type Predictor, predict } from './predict.js';
import { RegressionTally } from './regression.js';
import { taskOf } from './task.js';

/** A model and the file that onnxruntime loads it from. */
export interface EvaluatedModel {
  readonly model: Model;
  readonly path: string;
  /** How messages call it. */
  readonly name: string;
}

export interface EvaluateRequest {
  readonly subject: EvaluatedModel;
  /** A model to compare outputs with. */
  readonly against: EvaluatedModel | null;
  readonly data: Dataset;
  /** The split to run, of `data`. */
  readonly samples: Samples;
  /** Samples at a time. */
  readonly batch: number;
  /** What computes, also while times are taken. Default 'cpu'. */
  readonly provider?: Provider;
  readonly latency: LatencyOptions & { readonly threads: number };
  /** Runs what is timed, at a moment when nothing else disturbs it. Default: at once. */
  readonly alone?: <T>(work: () => Promise<T>) => Promise<T>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

export interface Evaluation extends Latency {
  /** null where the targets are values. */
  readonly classification: ClassificationMetrics | null;
  /** Mean squared error; null where the targets are classes. */
  readonly meanSquaredError: number | null;
  /** null without `against`; its `agreement` is null where the targets are values. */
  readonly comparison: { readonly agreement: number | null; readonly maxAbsDiff: number } | null;
}

/**
 * Runs a model over one split of a data set and compares what it gives with the labels and with another model; then
 * times it. Everything but the times is the same at every call: one thread, samples in order.
 * Throws EVALUATE_INPUT, EVALUATE_LABELS before anything runs, EVALUATE_NOT_FINITE while it does.
 */
export async function evaluateModel(request: EvaluateRequest): Promise<Evaluation> {
  const { data, against, provider = 'cpu' } = request;
  const subjects = against === null ? [request.subject] : [request.subject, against];
  const tasks = subjects.map((subject) => taskOf(subject.model, data, subject.name));
  const predictors: Predictor[] = [];
  try {
    for (const [i, subject] of subjects.entries()) {
      const session = await Session.create(subject.path, { name: subject.name, provider });
      predictors.push({ session, task: tasks[i]!, name: subject.name });
    }
    const { outputSize, hasProbabilities } = tasks[0]!;
    const classification = data.target.kind === 'class' ? new ClassificationTally(outputSize, hasProbabilities) : null;
    const regression = data.target.kind === 'class' ? null : new RegressionTally();
    const agreement = new AgreementTally(outputSize);
    await predict(
      predictors,
      { ...request, inputShape: data.inputShape, target: data.target },
      ({ outputs, labels }) => {
        classification?.add(outputs[0]!, labels);
        regression?.add(outputs[0]!, labels);
        if (against !== null) agreement.add(outputs[0]!, outputs[1]!);
      },
    );
    return {
      classification: classification?.metrics() ?? null,
      meanSquaredError: regression?.meanSquaredError() ?? null,
      comparison:
        against === null
          ? null
          : {
              agreement: classification === null ? null : agreement.agreement(),
              maxAbsDiff: agreement.maxAbsDiff(),
            },
      ...(await latencyOf(request, predictors[0]!)),
    };
  } finally {
    for (const { session } of predictors) await session.release();
  }
}

/** Times the model on the first samples of the split; a fixed batch size of the model goes before the one asked for. */
async function latencyOf(request: EvaluateRequest, predictor: Predictor): Promise<Latency> {
  const { data, samples, subject, latency, provider = 'cpu' } = request;
  const { task } = predictor;
  const batch = task.fixedBatch ?? latency.batch;
  const x = new Float32Array(batch * sizeOf(data.inputShape));
  const labels =
    data.target.kind === 'class' ? new Int32Array(batch) : new Float32Array(batch * sizeOf(data.target.shape));
  await samples.read(
    Array.from({ length: batch }, (_, i) => i % samples.count),
    x,
    labels,
  );
  const feeds = { [task.input]: floatFeed(x, [batch, ...data.inputShape]) };
  const hasOwnSession = latency.threads !== 1;
  const session = hasOwnSession
    ? await Session.create(subject.path, { name: subject.name, provider, threads: latency.threads })
    : predictor.session;
  try {
    const measure = () => measureLatency({ ...latency, batch }, () => session.run(feeds, [task.output]));
    return await (request.alone === undefined ? measure() : request.alone(measure));
  } finally {
    if (hasOwnSession) await session.release();
  }
}
