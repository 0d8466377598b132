import { parentPort, workerData } from 'node:worker_threads';
import { type Feed, floatFeed, Session } from '../../runtime/session.js';
import { DropoutMasks } from './dropout-masks.js';
import { packError } from './error-message.js';
import { batchFeeds } from './local-engine.js';
import { NAMES, type TrainingProgram } from './program.js';
import { COMMAND, CONTROL, openBarrier, passBarrier, type ShardMemory, waitWhile } from './shard-memory.js';
import { StateBuffers } from './state-buffers.js';

/** What the main thread hands to a worker. */
export interface ShardWorkerData {
  readonly program: TrainingProgram;
  readonly memory: ShardMemory;
  readonly parameters: Float32Array;
  readonly workers: number;
  /** The shards that this worker computes. */
  readonly shards: readonly number[];
  /** One worker answers the `read` commands: all have the same state. */
  readonly isReader: boolean;
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
  if (program.graphs.kind !== 'sharded') throw new Error('internal: several shards need two graphs');
  const gradient = await Session.create(program.graphs.gradient, { name: 'the gradient graph' });
  const update = await Session.create(program.graphs.update, { name: 'the update graph' });
  const state = new StateBuffers(program, data.parameters);
  const step = makeStep(gradient, update, state);
  for (let command = 0; ; command++) {
    waitWhile(control, CONTROL.command, command);
    const what = Atomics.load(control, CONTROL.what);
    if (what === COMMAND.stop) break;
    if (what === COMMAND.step && !(await step())) break;
    if (what === COMMAND.keep) state.setKeep(memory.keep.slice());
    if (what === COMMAND.write) {
      const [parameters, ...slots] = memory.state;
      state.write({ parameters: parameters!, slots });
    }
    if ((what === COMMAND.read || what === COMMAND.readPrevious) && data.isReader) {
      const source = what === COMMAND.read ? state.current : state.previous;
      for (const [i, vector] of [source.parameters, ...source.slots].entries()) memory.state[i]!.set(vector);
    }
    Atomics.add(control, CONTROL.done, 1);
    Atomics.notify(control, CONTROL.done);
  }
  await gradient.release();
  await update.release();
}

/** Makes the function that computes this worker's gradients, waits for the others', and updates. False: another worker failed. */
function makeStep(gradient: Session, update: Session, state: StateBuffers): () => Promise<boolean> {
  const own = memory.x.map((x, slot) => ({
    x: new Float32Array(x.length / program.shards),
    y: emptyLike(memory.y[slot]!, memory.y[slot]!.length / program.shards),
  }))[0]!;
  const dropout = new DropoutMasks(program);
  const hyper = new Float32Array(program.hyperSize);
  const gradients = memory.gradients.map(() => new Float32Array(program.size));
  const gradientFeeds: Record<string, Feed> = {};
  gradients.forEach((vector, shard) => {
    gradientFeeds[`${NAMES.gradient}${shard}`] = floatFeed(vector, [program.size]);
  });
  const report = new Float32Array(program.reportSize);
  return async () => {
    const slot = Atomics.load(control, CONTROL.slot);
    const number = Atomics.load(control, CONTROL.step);
    hyper.set(memory.hyper);
    for (const shard of data.shards) {
      own.x.set(memory.x[slot]!.subarray(shard * own.x.length, (shard + 1) * own.x.length));
      own.y.set(memory.y[slot]!.subarray(shard * own.y.length, (shard + 1) * own.y.length));
      const feeds: Record<string, Feed> = {
        [NAMES.parameters]: state.parametersFeed(),
        ...batchFeeds(program, own),
        ...dropout.feeds(number, shard),
      };
      await gradient.run(feeds, {
        [program.outputs.gradient]: floatFeed(gradients[shard]!, [program.size]),
        [program.outputs.report]: floatFeed(report, [program.reportSize]),
      });
      memory.reports[shard]!.set(report);
      if (data.workers > 1) memory.gradients[shard]!.set(gradients[shard]!);
    }
    if (!passBarrier(control, data.workers)) return false;
    memory.gradients.forEach((shared, shard) => {
      if (!data.shards.includes(shard)) gradients[shard]!.set(shared);
    });
    await update.run(
      { ...state.feeds(), ...gradientFeeds, [NAMES.hyper]: floatFeed(hyper, [program.hyperSize]) },
      state.fetches(),
    );
    state.swap();
    return true;
  };
}

function emptyLike(labels: Float32Array | Int32Array, length: number): Float32Array | Int32Array {
  return labels instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
}
