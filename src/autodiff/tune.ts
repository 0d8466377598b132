import { Random } from '../core/random.js';
import { GraphBuilder } from '../onnx/builder.js';
import type { Model } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { encodeModel } from '../onnx/write.js';
import { type Feed, floatFeed, Session } from '../runtime/session.js';
import { buildBackward } from './backward.js';
import { blockConvolutions } from './blocked-convolution.js';
import { dimsOf } from './emit.js';
import { appendForward } from './forward.js';
import type { ChooseLowering, LoweringQuestion } from './lowerings/choice.js';

export interface TuneOptions {
  /** Samples of one shard: shapes, and so the best ways, depend on it. */
  readonly samples: number;
  /** Initializers that are trained. */
  readonly trained: readonly string[];
  /** From `probeChannelBlock`; null where the CPU has no blocked kernels. */
  readonly channelBlock: number | null;
  /** Bursts of each way, taken in turns. Default 7. */
  readonly rounds?: number;
  /** After each piece. */
  onMeasured?(piece: MeasuredPiece): void;
}

/** What was measured of one piece. */
export interface MeasuredPiece {
  readonly key: string;
  /** The way to take: another than the usual one only where it is clearly faster. */
  readonly way: string;
  readonly usual: string;
  /** Fastest run of each way. */
  readonly ms: Readonly<Record<string, number>>;
}

/** A way has to be this much faster than the usual one to be taken: smaller differences change from one measurement to the next. */
const CLEARLY_FASTER = 0.9;
const BURST_MS = 4;

/**
 * Measures, on this machine and one thread, all ways to compute the convolutions of a training step and their gradients.
 * First the gradients; then the convolutions of the graph that these choices give.
 * The result depends on the machine and on what else it does: keep it in a file, and with what is computed by it.
 */
export async function tuneLowerings(model: Model, options: TuneOptions): Promise<MeasuredPiece[]> {
  const { channelBlock } = options;
  const measured = new Map<string, MeasuredPiece>();
  const choose: ChooseLowering = ({ key }) => measured.get(key)?.way;
  const collect = (questions: Map<string, LoweringQuestion>): ChooseLowering => {
    return (question) => {
      if (question.ways.length > 1 && !measured.has(question.key)) questions.set(question.key, question);
      return choose(question);
    };
  };
  const measureAll = async (questions: ReadonlyMap<string, LoweringQuestion>, block: number | null) => {
    for (const question of questions.values()) {
      const piece = await measure(question, { block, rounds: options.rounds ?? 7 });
      measured.set(question.key, piece);
      options.onMeasured?.(piece);
    }
  };

  const gradients = new Map<string, LoweringQuestion>();
  trainingGraph(model, options, collect(gradients));
  await measureAll(gradients, channelBlock);
  if (channelBlock !== null) {
    const convolutions = new Map<string, LoweringQuestion>();
    blockConvolutions(trainingGraph(model, options, choose), channelBlock, collect(convolutions));
    await measureAll(convolutions, null);
  }
  return [...measured.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Forward and backward pass over one shard, from the sum of squares of all outputs: the pieces are those of any loss. */
function trainingGraph(
  model: Model,
  { samples, trained, channelBlock }: TuneOptions,
  choose: ChooseLowering,
): GraphBuilder {
  const b = new GraphBuilder({ opset: model.opsets.get('')! });
  const inputs = Object.fromEntries(
    model.graph.inputs.map(({ name, dataType, shape }) => {
      return [name, b.input(name, dataType, (shape ?? []).with(0, samples))];
    }),
  );
  const { initializers } = model.graph;
  const weights = new Map(
    trained.map((name) => [name, b.input(name, 'float32', initializers.get(name)!.dims)] as const),
  );
  const { outputs } = appendForward(b, model, { inputs, bindings: weights, training: true });
  const squares = Object.values(outputs)
    .filter(({ dataType }) => dataType === 'float32')
    .map((output) => b.op('ReduceSumSquare', [output], { keepdims: 0 }));
  const loss = squares.length === 1 ? squares[0]! : b.op('Sum', squares);
  buildBackward(b, loss, [...weights.values()], { choose, channelBlock });
  return b;
}

async function measure(
  question: LoweringQuestion,
  { block, rounds }: { readonly block: number | null; readonly rounds: number },
): Promise<MeasuredPiece> {
  const { key, ways, usual } = question;
  const feeds = randomFeeds(question);
  const contenders: { way: string; session: Session; best: number }[] = [];
  try {
    for (const way of ways) {
      const session = await Session.create(graphOf(question, way, block), { name: `${key}, ${way}` });
      contenders.push({ way, session, best: Number.POSITIVE_INFINITY });
      await session.run(feeds);
    }
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        contender.best = Math.min(contender.best, await burst(contender.session, feeds));
      }
    }
  } finally {
    for (const { session } of contenders) await session.release();
  }
  const fastest = contenders.reduce((a, b) => (b.best < a.best ? b : a));
  const limit = CLEARLY_FASTER * contenders.find(({ way }) => way === usual)!.best;
  return {
    key,
    way: fastest.best < limit ? fastest.way : usual,
    usual,
    ms: Object.fromEntries(contenders.map(({ way, best }) => [way, best])),
  };
}

/** A graph of this piece alone. */
function graphOf(question: LoweringQuestion, way: string, block: number | null): Uint8Array {
  const b = new GraphBuilder();
  const operands = Object.fromEntries(
    Object.entries(question.operands).map(([name, value]) => [name, b.input(name, 'float32', dimsOf(value))]),
  );
  b.output(question.emit(b, operands, way));
  if (block !== null) blockConvolutions(b, block);
  return encodeModel(b.build());
}

function randomFeeds({ key, operands }: LoweringQuestion): Record<string, Feed> {
  const random = new Random(key);
  return Object.fromEntries(
    Object.entries(operands).map(([name, value]) => {
      const dims = dimsOf(value);
      return [
        name,
        floatFeed(
          Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
          dims,
        ),
      ];
    }),
  );
}

/** The fastest of as many runs as fit into a burst, in ms. */
async function burst(session: Session, feeds: Record<string, Feed>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + BURST_MS;
  do {
    const start = performance.now();
    await session.run(feeds);
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < end);
  return best;
}
