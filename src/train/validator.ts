import type { Dataset, Samples } from '../data/dataset.js';
import type { Provider } from '../runtime/provider.js';
import { floatFeed, Session } from '../runtime/session.js';
import { allocateBatch, type Batch, readInOrder } from './batches.js';

/** Inputs and output of an evaluation graph: forward only, with the weights as flat inputs. */
export const EVALUATION_NAMES = {
  parameters: 'score:parameters',
  statistics: 'score:statistics',
  x: 'score:x',
  y: 'score:y',
  /** float32 [N]: 1 for a sample that counts, 0 for the filling of the last batch. */
  weights: 'score:weights',
  /** float32 [2]: sum of the losses, number of correct samples. */
  report: 'score:report',
} as const;

export interface Score {
  /** Mean over the split. */
  readonly loss: number;
  /** Null without classes. */
  readonly accuracy: number | null;
}

export interface ValidatorRequest {
  /** Bytes of the evaluation graph, made for `size` samples. */
  readonly graph: Uint8Array;
  readonly provider: Provider;
  readonly data: Dataset;
  readonly samples: Samples;
  readonly size: number;
}

/** Judges weights on a split of the data set, with one session for all of them. */
export class Validator {
  private readonly batch: Batch;

  private constructor(
    private readonly session: Session,
    private readonly data: Dataset,
    private readonly samples: Samples,
    private readonly size: number,
  ) {
    this.batch = allocateBatch(data, size);
  }

  static async create({ graph, provider, data, samples, size }: ValidatorRequest): Promise<Validator> {
    const session = await Session.create(graph, { name: 'the validation graph', provider });
    return new Validator(session, data, samples, size);
  }

  /** @param parameters flat. @param statistics flat running statistics; length 0 if the network has none */
  async score(parameters: Float32Array, statistics: Float32Array, signal?: AbortSignal): Promise<Score> {
    const { batch, size, samples, data } = this;
    const isClass = data.target.kind === 'class';
    const weights = new Float32Array(size);
    const feeds = {
      [EVALUATION_NAMES.parameters]: floatFeed(parameters, [parameters.length]),
      [EVALUATION_NAMES.x]: floatFeed(batch.x, [size, ...data.inputShape]),
      [EVALUATION_NAMES.y]: { dataType: isClass ? 'int32' : 'float32', dims: labelDims(data, size), data: batch.y },
      [EVALUATION_NAMES.weights]: floatFeed(weights, [size]),
      ...(statistics.length === 0 ? {} : { [EVALUATION_NAMES.statistics]: floatFeed(statistics, [statistics.length]) }),
    } as const;
    let loss = 0;
    let correct = 0;
    for (let start = 0; start < samples.count; start += size) {
      signal?.throwIfAborted();
      const count = await readInOrder(samples, start, batch, size);
      weights.fill(1, 0, count).fill(0, count);
      const report = (await this.session.run(feeds))[EVALUATION_NAMES.report]!.data;
      loss += report[0] as number;
      correct += report[1] as number;
    }
    return { loss: loss / samples.count, accuracy: isClass ? correct / samples.count : null };
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** Shape of the labels of `count` samples. */
export function labelDims({ target }: Pick<Dataset, 'target'>, count: number): number[] {
  return target.kind === 'class' ? [count] : [count, ...target.shape];
}
