import { join } from 'node:path';
import { readCheckpoint, writeCheckpoint } from '../artifacts/checkpoint-file.js';
import type { Checkpoint, CheckpointInterval, CheckpointParts } from '../core/checkpoint.js';
import { isUserError } from '../core/errors.js';
import type { Job } from './job.js';

/** Saving may take this share of the time at most, where the interval is a time: a slow disk makes it longer. */
const MOST_SHARE = 0.015;

export interface CheckpointSurroundings {
  readonly warn: (message: string) => void;
  /** Milliseconds; default performance.now. */
  readonly now?: () => number;
}

/**
 * The checkpoint of a job, in the file that the job names. One that is damaged, or cannot be saved, is a warning and no
 * error: it costs time if the stage is killed, nothing else.
 */
export function jobCheckpoint({ checkpoint, staging }: Job, { warn, now }: CheckpointSurroundings): Checkpoint {
  if (checkpoint === null) return NONE;
  return new FileCheckpoint(checkpoint.file, join(staging, 'checkpoint'), checkpoint.interval, {
    warn,
    now: now ?? (() => performance.now()),
  });
}

const NONE: Checkpoint = { load: async () => null, due: () => false, save: async () => {} };

class FileCheckpoint implements Checkpoint {
  private steps = 0;
  private savedAt: number;
  private costMs = 0;
  private hasWarned = false;

  constructor(
    private readonly file: string,
    private readonly temporary: string,
    private readonly interval: CheckpointInterval,
    private readonly io: Required<CheckpointSurroundings>,
  ) {
    this.savedAt = io.now();
  }

  async load(): Promise<CheckpointParts | null> {
    const parts = await readCheckpoint(this.file);
    if (parts !== 'damaged') return parts;
    this.io.warn(`The checkpoint ${this.file} is damaged: the stage begins anew.`);
    return null;
  }

  due(steps = 1): boolean {
    this.steps += steps;
    if ('steps' in this.interval) return this.steps >= this.interval.steps;
    return this.io.now() - this.savedAt >= Math.max(this.interval.ms, this.costMs / MOST_SHARE);
  }

  async save(parts: CheckpointParts): Promise<void> {
    const startedAt = this.io.now();
    try {
      await writeCheckpoint(this.file, this.temporary, parts);
    } catch (error) {
      if (!isUserError(error)) throw error;
      if (!this.hasWarned) this.io.warn(`No checkpoint could be saved, the stage goes on without: ${error.problem}`);
      this.hasWarned = true;
    }
    this.savedAt = this.io.now();
    this.costMs = this.savedAt - startedAt;
    this.steps = 0;
  }
}
