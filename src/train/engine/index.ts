import type { Dataset } from '../../data/dataset.js';
import { allocateBatch } from '../batches.js';
import type { TrainingEngine } from './engine.js';
import { createLocalEngine } from './local-engine.js';
import type { TrainingProgram } from './program.js';
import { createShardEngine } from './shard-engine.js';

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
    return createLocalEngine(program, parameters, [allocateBatch(data, samples), allocateBatch(data, samples)]);
  }
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
  const batches = [allocateBatch(data, batch, shared), allocateBatch(data, batch, shared)] as const;
  return createShardEngine(program, parameters, batches, Math.max(1, cores));
}
