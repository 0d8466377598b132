import { parentPort, workerData } from 'node:worker_threads';
import { type Feed, floatFeed, Session } from '../../runtime/session.js';
import { DropoutMasks } from './dropout-masks.js';
import { packError } from './error-message.js';
import { batchFeeds } from './local-engine.js';
import { NAMES, type Slice, type TrainingProgram, type UpdateOutputs } from './program.js';
import {
  COMMAND,
  CONTROL,
  ENTRIES,
  entryWord,
  openBarrier,
  passBarrier,
  type ShardMemory,
  waitWhile,
} from './shard-memory.js';
import { StateBuffers, sliceFeed } from './state-buffers.js';

/** What the main thread hands to a worker. */
export interface ShardWorkerData {
  readonly program: TrainingProgram;
  readonly memory: ShardMemory;
  readonly parameters: Float32Array;
  readonly workers: number;
  /** Of this worker. */
  readonly index: number;
  /** The shards that it computes. */
  readonly shards: readonly number[];
}

/** The update of a slice, by this worker. */
interface OwnUpdate extends Slice {
  readonly session: Session;
  readonly outputs: UpdateOutputs;
}

// This file is a worker's main program: it obeys commands until `stop` or until something fails.
const data = workerData as ShardWorkerData;
const { program, memory } = data;
const { control } = memory;

try {
  await obey();
} catch (error) {
  parentPort!.postMessage(packError(error));
  Atomics.store(control, CONTROL.failed, 1);
  openBarrier(control);
}

async function obey(): Promise<void> {
  if (program.graphs.kind !== 'sharded') throw new Error('internal: several parts need two graphs');
  const { provider } = program;
  const gradient = await Session.create(program.graphs.gradient, { name: 'the gradient graph', provider });
  const updates: OwnUpdate[] = [];
  for (const [i, { graph, ...slice }] of program.graphs.updates.entries()) {
    if (i % data.workers !== data.index) continue;
    updates.push({ ...slice, session: await Session.create(graph, { name: 'the update graph', provider }) });
  }
  const state = new StateBuffers(program, data.parameters);
  const step = makeStep(gradient, updates, state);
  for (let command = 0; ; command++) {
    waitWhile(control, CONTROL.given, command);
    const what = Atomics.load(control, entryWord(command, 'what'));
    if (what === COMMAND.stop) break;
    if (what === COMMAND.step && !(await step(command))) break;
    if (what === COMMAND.keep) state.setKeep(memory.keep.slice());
    if (what === COMMAND.write) {
      const [parameters, ...slots] = memory.state;
      state.write({ parameters: parameters!, slots });
    }
    if (what === COMMAND.read || what === COMMAND.readPrevious) {
      const source = what === COMMAND.read ? state.current : state.previous;
      for (const [i, vector] of [source.parameters, ...source.slots].entries()) {
        for (const { start, end } of updates) memory.state[i]!.set(vector.subarray(start, end), start);
      }
    }
    finish(command);
  }
  await gradient.release();
  for (const { session } of updates) await session.release();
}

/** The last worker that finishes a command tells the main thread. */
function finish(command: number): void {
  const done = entryWord(command, 'done');
  if (Atomics.add(control, done, 1) < data.workers - 1) return;
  Atomics.store(control, done, 0);
  Atomics.store(control, CONTROL.finished, command + 1);
  Atomics.notify(control, CONTROL.finished);
}

/**
 * Makes the function that computes this worker's gradients, then, with those of the others, its slices of the update, and
 * takes the other slices from the others. False: another worker failed. Nobody overwrites what others still read: between
 * two writes of a shared vector everybody passes a barrier after reading it.
 */
function makeStep(
  gradient: Session,
  updates: readonly OwnUpdate[],
  state: StateBuffers,
): (command: number) => Promise<boolean> {
  const parts = program.microBatches * program.shards;
  const own = {
    x: new Float32Array(memory.x[0]!.length / parts),
    y: emptyLike(memory.y[0]!, memory.y[0]!.length / parts),
  };
  const dropout = new DropoutMasks(program);
  const hyper = new Float32Array(program.hyperSize);
  const report = new Float32Array(program.reportSize);
  const isOwn = (shard: number): boolean => data.shards.includes(shard);
  // Of other shards only the slices of this worker are filled.
  const gradients = memory.gradients.map(() => new Float32Array(program.size));
  const fresh = program.microBatches === 1 ? null : new Float32Array(program.size);
  const others = slicesOfOthers();
  let hasDiverged = false;

  const computeGradients = async (command: number): Promise<void> => {
    const slot = Atomics.load(control, entryWord(command, 'slot'));
    const number = Atomics.load(control, entryWord(command, 'step'));
    for (const shard of data.shards) {
      for (let micro = 0; micro < program.microBatches; micro++) {
        const part = micro * program.shards + shard;
        own.x.set(memory.x[slot]!.subarray(part * own.x.length, (part + 1) * own.x.length));
        own.y.set(memory.y[slot]!.subarray(part * own.y.length, (part + 1) * own.y.length));
        const feeds: Record<string, Feed> = {
          [NAMES.parameters]: state.parametersFeed(),
          ...batchFeeds(program, own),
          ...dropout.feeds(number, part),
        };
        const into = micro === 0 || fresh === null ? gradients[shard]! : fresh;
        await gradient.run(feeds, {
          [program.outputs.gradient]: floatFeed(into, [program.size]),
          [program.outputs.report]: floatFeed(report, [program.reportSize]),
        });
        if (into === fresh) addTo(gradients[shard]!, fresh);
        memory.reports[command % ENTRIES]![part]!.set(report);
      }
      for (const { start, end } of others) {
        memory.gradients[shard]!.set(gradients[shard]!.subarray(start, end), start);
      }
    }
  };

  const updateSlice = async ({ session, outputs, ...slice }: OwnUpdate): Promise<void> => {
    const { start, end } = slice;
    const feeds: Record<string, Feed> = {
      ...state.feeds(slice),
      [NAMES.hyper]: floatFeed(hyper, [program.hyperSize]),
    };
    gradients.forEach((vector, shard) => {
      if (!isOwn(shard)) vector.set(memory.gradients[shard]!.subarray(start, end), start);
      feeds[`${NAMES.gradient}${shard}`] = sliceFeed(vector, slice);
    });
    const fetches = state.fetches(outputs, slice);
    await session.run(feeds, fetches);
    if (data.workers > 1) memory.parameters.set(fetches[outputs.parameters]!.data as Float32Array, start);
  };

  return async (command) => {
    const reports = memory.reports[command % ENTRIES]!;
    if (hasDiverged) {
      for (const shard of data.shards) reports[shard]![0] = Number.NaN;
      return true;
    }
    hyper.set(memory.hyper[command % ENTRIES]!);
    await computeGradients(command);
    if (!passBarrier(control, data.workers)) return false;
    // Every worker sees the same losses, and so all stop at the same step.
    hasDiverged = !Number.isFinite(reports.reduce((sum, [loss]) => sum + loss!, 0));
    for (const update of updates) await updateSlice(update);
    if (!passBarrier(control, data.workers)) return false;
    state.swap();
    for (const { start, end } of others) {
      state.current.parameters.set(memory.parameters.subarray(start, end), start);
    }
    state.lookAfter(Atomics.load(control, entryWord(command, 'step')));
    return true;
  };
}

function addTo(sum: Float32Array, fresh: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += fresh[i]!;
}

function slicesOfOthers(): readonly Slice[] {
  return program.graphs.kind === 'fused'
    ? []
    : program.graphs.updates.filter((_, i) => i % data.workers !== data.index);
}

function emptyLike(labels: Float32Array | Int32Array, length: number): Float32Array | Int32Array {
  return labels instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
}
