import type * as ort from 'onnxruntime-node';
import { UserError } from '../core/errors.js';
import type { DataType, Model } from '../onnx/ir.js';
import { encodeModelApart } from '../onnx/write.js';
import { freeAtOnce } from './free-at-once.js';
import { loadOnnxruntime } from './load-onnxruntime.js';
import type { Provider } from './provider.js';

/** A tensor on its way into or out of onnxruntime. float16 travels as Uint16Array, bool as Uint8Array. */
export interface Feed {
  readonly dataType: DataType;
  readonly dims: readonly number[];
  readonly data: TypedArray;
}

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export interface SessionOptions {
  /** Default 'cpu'. `requireProvider` says beforehand what is missing for another. */
  readonly provider?: Provider;
  /** Threads inside one operator. Default 1: results must not depend on the number of cores. */
  readonly threads?: number;
  /** Graph optimizations of onnxruntime. Default 'all'. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
  /** From this many bytes of initializers on, the tensors of an IR are handed over beside it. Default 1.5 GiB: protobuf ends at 2 GiB. */
  readonly externalDataBytes?: number;
  /** The name in error messages; default the path, or "the model". */
  readonly name?: string;
  /** Further options of onnxruntime, by its own names (`session.dynamic_block_base` …). */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A loaded model, ready to run. Make one and keep it: onnxruntime holds on to memory for every session created. */
export class Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];

  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly name: string,
    /** Makes onnxruntime's tensors; the module itself loads with the first session, see `create`. */
    private readonly Tensor: typeof ort.Tensor,
  ) {
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
  }

  /**
   * Loads a model from a file (external data beside it), its bytes, or the IR.
   * Throws RUNTIME_LOAD if onnxruntime refuses it. Blocks the thread while onnxruntime optimizes.
   */
  static async create(source: string | Uint8Array | Model, options: SessionOptions = {}): Promise<Session> {
    const name = options.name ?? (typeof source === 'string' ? source : 'the model');
    const sessionOptions: ort.InferenceSession.SessionOptions = {
      executionProviders: [options.provider ?? 'cpu'],
      intraOpNumThreads: options.threads ?? 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: options.optimization ?? 'all',
      logSeverityLevel: 3,
      ...(options.extra === undefined ? {} : { extra: options.extra as Record<string, unknown> }),
    };
    const { InferenceSession, Tensor } = await loadOnnxruntime();
    try {
      const session = await createFrom(InferenceSession, source, sessionOptions, options.externalDataBytes);
      return new Session(session, name, Tensor);
    } catch (cause) {
      throw new UserError(
        'RUNTIME_LOAD',
        `onnxruntime cannot load ${name}: ${messageOf(cause)}`,
        'Check the file with `lathe inspect`.',
        { cause },
      );
    }
  }

  /**
   * Runs the model once, synchronously inside the call: timers wait.
   * @param feeds one per graph input
   * @param fetch the outputs wanted, default all; with a buffer, onnxruntime writes the output there and the buffer comes back
   * Throws RUNTIME_RUN with onnxruntime's message.
   */
  async run(
    feeds: Readonly<Record<string, Feed>>,
    fetch: readonly string[] | Readonly<Record<string, Feed | null>> = this.outputNames,
  ): Promise<Record<string, Feed>> {
    const inputs: Record<string, ort.Tensor> = {};
    for (const name of this.inputNames) {
      const feed = feeds[name];
      if (feed === undefined) throw new Error(`internal: no feed for the input "${name}" of ${this.name}`);
      inputs[name] = toOrt(this.Tensor, feed);
    }
    let results: ort.InferenceSession.OnnxValueMapType;
    try {
      results = await this.session.run(inputs, toFetches(this.Tensor, fetch));
    } catch (cause) {
      throw new UserError('RUNTIME_RUN', `onnxruntime failed to run ${this.name}: ${messageOf(cause)}`, '', {
        cause,
        class: 'stage',
      });
    }
    const outputs: Record<string, Feed> = {};
    const copies: TypedArray[] = [];
    for (const [name, tensor] of Object.entries(results)) {
      const given = bufferFor(fetch, name);
      outputs[name] = given ?? fromOrt(tensor as ort.Tensor);
      if (given !== null) copies.push((tensor as ort.Tensor).data as TypedArray);
    }
    freeAtOnce(copies);
    return outputs;
  }

  /** Frees onnxruntime's memory. The session cannot be used afterwards. */
  async release(): Promise<void> {
    await this.session.release();
  }
}

function createFrom(
  InferenceSession: typeof ort.InferenceSession,
  source: string | Uint8Array | Model,
  options: ort.InferenceSession.SessionOptions,
  externalDataBytes: number | undefined,
): Promise<ort.InferenceSession> {
  if (typeof source === 'string') return InferenceSession.create(source, options);
  if (source instanceof Uint8Array) return InferenceSession.create(source, options);
  const { bytes, data } = encodeModelApart(source, externalDataBytes === undefined ? {} : { externalDataBytes });
  // onnxruntime refuses an empty list.
  const externalData = [...data].map(([path, tensor]) => ({ path, data: tensor }));
  return InferenceSession.create(bytes, data.size === 0 ? options : { ...options, externalData });
}

/** A float32 feed over values. */
export function floatFeed(data: Float32Array, dims: readonly number[]): Feed {
  return { dataType: 'float32', dims, data };
}

function toOrt(Tensor: typeof ort.Tensor, feed: Feed): ort.Tensor {
  return new Tensor(feed.dataType as ort.Tensor.Type, feed.data as ort.Tensor.DataType, feed.dims);
}

function fromOrt(tensor: ort.Tensor): Feed {
  return { dataType: tensor.type as DataType, dims: tensor.dims, data: tensor.data as TypedArray };
}

function toFetches(
  Tensor: typeof ort.Tensor,
  fetch: readonly string[] | Readonly<Record<string, Feed | null>>,
): ort.InferenceSession.FetchesType {
  if (Array.isArray(fetch)) return fetch as readonly string[];
  const fetches: Record<string, ort.OnnxValue | null> = {};
  for (const [name, feed] of Object.entries(fetch as Record<string, Feed | null>))
    fetches[name] = feed === null ? null : toOrt(Tensor, feed);
  return fetches;
}

function bufferFor(fetch: readonly string[] | Readonly<Record<string, Feed | null>>, name: string): Feed | null {
  return Array.isArray(fetch) ? null : ((fetch as Readonly<Record<string, Feed | null>>)[name] ?? null);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
