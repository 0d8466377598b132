import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckpointInterval } from '../../src/core/checkpoint.js';
import type { Job } from '../../src/run/job.js';
import { jobCheckpoint } from '../../src/run/job-checkpoint.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PARTS = new Map([['step', Uint8Array.of(7)]]);

function setup(interval: CheckpointInterval | null) {
  const staging = temporaryFolder();
  const file = join(staging, 'checkpoints', 'state');
  const clock = { ms: 0 };
  const warnings: string[] = [];
  const job = { staging, checkpoint: interval === null ? null : { file, interval } } as Job;
  const open = () => jobCheckpoint(job, { warn: (message) => warnings.push(message), now: () => clock.ms });
  return { open, file, staging, clock, warnings };
}

describe('the checkpoint of a job', () => {
  it('is found by the next process of the same job', async () => {
    const { open, warnings } = setup({ ms: 1000 });
    expect(await open().load()).toBeNull();
    const first = open();
    await first.save(() => PARTS);
    await first.settle();
    expect(await open().load()).toEqual(PARTS);
    expect(warnings).toEqual([]);
  });

  it('is due after so many steps', async () => {
    const checkpoint = setup({ steps: 3 }).open();
    expect([1, 2, 3].map(() => checkpoint.due())).toEqual([false, false, true]);
    await checkpoint.save(() => PARTS);
    expect([1, 2, 3].map(() => checkpoint.due())).toEqual([false, false, true]);
  });

  it('counts steps that were made together', async () => {
    const checkpoint = setup({ steps: 100 }).open();
    expect([19, 76, 4, 1].map((steps) => checkpoint.due(steps))).toEqual([false, false, false, true]);
    await checkpoint.save(() => PARTS);
    expect([99, 95].map((steps) => checkpoint.due(steps))).toEqual([false, true]);
  });

  it('is due after so much time', async () => {
    const { open, clock } = setup({ ms: 1000 });
    const checkpoint = open();
    clock.ms = 999;
    expect(checkpoint.due()).toBe(false);
    clock.ms = 1000;
    expect(checkpoint.due()).toBe(true);
    await checkpoint.save(() => PARTS);
    await checkpoint.settle();
    clock.ms = 1999;
    expect(checkpoint.due()).toBe(false);
  });

  it('is due later where saving takes long, so that it costs at most 1.5 % of the time', async () => {
    const { open, clock } = setup({ ms: 1000 });
    const checkpoint = open();
    const slow = checkpoint.save(() => PARTS);
    clock.ms = 60;
    await slow;
    await checkpoint.settle();
    clock.ms = 60 + 3999;
    expect(checkpoint.due()).toBe(false);
    clock.ms = 60 + 4000;
    expect(checkpoint.due()).toBe(true);
  });

  it('is not due while the last one is on its way to the disk', async () => {
    const { open, clock } = setup({ ms: 1000 });
    const checkpoint = open();
    await checkpoint.save(() => PARTS);
    clock.ms = 1e6;
    expect(checkpoint.due()).toBe(false);
    await checkpoint.settle();
    expect(checkpoint.due()).toBe(true);
  });

  it('is what was saved last, however soon it is saved again', async () => {
    const checkpoint = setup({ steps: 1 }).open();
    const saved = [1, 2, 3].map((step) => checkpoint.save(() => new Map([['step', Uint8Array.of(step)]])));
    await saved[0];
    await saved[1];
    await saved[2];
    expect(await checkpoint.load()).toEqual(new Map([['step', Uint8Array.of(3)]]));
  });

  it('counts the time of fetching what is saved', async () => {
    const { open, clock } = setup({ ms: 1000 });
    const checkpoint = open();
    await checkpoint.save(async () => {
      clock.ms = 60;
      return PARTS;
    });
    expect(await checkpoint.load()).toEqual(PARTS);
    clock.ms = 60 + 3999;
    expect(checkpoint.due()).toBe(false);
    clock.ms = 60 + 4000;
    expect(checkpoint.due()).toBe(true);
  });

  it('is a warning and null if it is damaged', async () => {
    const { open, file, warnings } = setup({ steps: 1 });
    const saved = open();
    await saved.save(() => PARTS);
    await saved.settle();
    writeFileSync(file, readFileSync(file).subarray(1));
    expect(await open().load()).toBeNull();
    expect(warnings).toEqual([`The checkpoint ${file} is damaged: the stage begins anew.`]);
  });

  it('is one warning, and no error, if it cannot be saved', async () => {
    const { open, staging, warnings } = setup({ steps: 1 });
    writeFileSync(join(staging, 'checkpoints'), '');
    const checkpoint = open();
    await checkpoint.save(() => PARTS);
    await checkpoint.save(() => PARTS);
    await checkpoint.settle();
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toContain('No checkpoint could be saved, the stage goes on without');
  });

  it('is nothing where the recipe wants none', async () => {
    const { open, file } = setup(null);
    const checkpoint = open();
    expect([checkpoint.due(), checkpoint.due()]).toEqual([false, false]);
    await checkpoint.save(() => PARTS);
    expect(existsSync(file)).toBe(false);
    expect(await checkpoint.load()).toBeNull();
  });
});
