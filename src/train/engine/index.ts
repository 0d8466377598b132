import type { Dataset } from '../../data/dataset.js';
import { allocateBatch } from '../batches.js';
import type { TrainingEngine } from './engine.js';
import { createLocalEngine } from './local-engine.js';
import type { TrainingProgram } from './program.js';
import { createShardEngine } from './shard-engine.js';
import { threadsAgree } from './threads-agree.js';

/** The engine for a program. @param parameters copied. @param cores at most this many threads compute */
export async function createEngine(
  program: TrainingProgram,
  parameters: Float32Array,
  data: Pick<Dataset, 'inputShape' | 'target'>,
  cores: number,
): Promise<TrainingEngine> {
  const batch = program.microBatches * program.shards * program.xDims[0]!;
  if (program.graphs.kind === 'fused') {
    const samples = batch * program.graphs.stepsPerRun;
    const batches = [allocateBatch(data, samples), allocateBatch(data, samples)] as const;
    const one = await createLocalEngine(program, parameters, batches, 1);
    if (cores < 2 || program.graphs.threads === 1) return one;
    const two = await createLocalEngine(program, parameters, batches, 2);
    const [better, other] = (await threadsAgree(one, two, program)) ? [two, one] : [one, two];
    await other.release();
    return better;
  }
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
  const batches = [allocateBatch(data, batch, shared), allocateBatch(data, batch, shared)] as const;
  return createShardEngine(program, parameters, batches, Math.max(1, cores));
}
