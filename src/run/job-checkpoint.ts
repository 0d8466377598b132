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

/** A checkpoint that saves while the work goes on. */
export interface JobCheckpoint extends Checkpoint {
  /** Waits for what is being saved: nothing may be left under way when the job ends. */
  settle(): Promise<void>;
}

/**
 * The checkpoint of a job, in the file that the job names. One that is damaged, or cannot be saved, is a warning and no
 * error: it costs time if the stage is killed, nothing else. The work waits until its parts are written, and not for the disk, which may take
 * seconds.
 */
export function jobCheckpoint({ checkpoint, staging }: Job, { warn, now }: CheckpointSurroundings): JobCheckpoint {
  if (checkpoint === null) return NONE;
  return new FileCheckpoint(checkpoint.file, join(staging, 'checkpoint'), checkpoint.interval, {
    warn,
    now: now ?? (() => performance.now()),
  });
}

const NONE: JobCheckpoint = { load: async () => null, due: () => false, save: async () => {}, settle: async () => {} };

class FileCheckpoint implements JobCheckpoint {
  private steps = 0;
  private savedAt: number;
  private costMs = 0;
  private hasWarned = false;
  /** One after the other, however often it is called. */
  private saving: Promise<void> = Promise.resolve();
  private placing: Promise<void> | null = null;

  constructor(
    private readonly file: string,
    private readonly temporary: string,
    private readonly interval: CheckpointInterval,
    private readonly io: Required<CheckpointSurroundings>,
  ) {
    this.savedAt = io.now();
  }

  async load(): Promise<CheckpointParts | null> {
    await this.settle();
    const parts = await readCheckpoint(this.file);
    if (parts !== 'damaged') return parts;
    this.io.warn(`The checkpoint ${this.file} is damaged: the stage begins anew.`);
    return null;
  }

  due(steps = 1): boolean {
    this.steps += steps;
    if ('steps' in this.interval) return this.steps >= this.interval.steps;
    if (this.placing !== null) return false;
    return this.io.now() - this.savedAt >= Math.max(this.interval.ms, this.costMs / MOST_SHARE);
  }

  save(fetch: () => CheckpointParts | Promise<CheckpointParts>): Promise<void> {
    const startedAt = this.io.now();
    const saving = this.saving.then(() => this.saveAlone(fetch, startedAt));
    // Whoever saves sees its failure, the one after it does not.
    this.saving = saving.catch(() => {});
    return saving;
  }

  private async saveAlone(fetch: () => CheckpointParts | Promise<CheckpointParts>, startedAt: number): Promise<void> {
    await this.placing;
    const parts = await fetch();
    await this.warned(async () => {
      const place = await writeCheckpoint(this.file, this.temporary, parts);
      this.placing = this.warned(place).finally(() => {
        this.placing = null;
      });
    });
    this.savedAt = this.io.now();
    this.costMs = this.savedAt - startedAt;
    this.steps = 0;
  }

  async settle(): Promise<void> {
    await this.saving;
    await this.placing;
  }

  private async warned(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isUserError(error)) throw error;
      if (!this.hasWarned) this.io.warn(`No checkpoint could be saved, the stage goes on without: ${error.problem}`);
      this.hasWarned = true;
    }
  }
}
