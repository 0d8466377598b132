import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newRunId } from '../../src/artifacts/run-record-file.js';
import { fakeExecutor, runSketch, sketchPlan } from '../support/plan-rig.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-record-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const schema = JSON.parse(readFileSync(new URL('../../schemas/run.schema.json', import.meta.url), 'utf8')) as object;

describe('the run record', () => {
  it('keeps to schemas/run.schema.json, whatever happened in the run', async () => {
    const plan = sketchPlan(
      [
        { id: 'a', expect: { accuracy: { min: 0.9, maxDrop: 0.1, from: 'a' } } },
        { id: 'bad', from: ['a'] },
        { id: 'after', from: ['bad'] },
      ],
      [{ name: 'model', cell: 'a', slot: 'model', to: '/dev/null/model.onnx' }],
    );
    const executor = fakeExecutor(async (job) => {
      if (job.cell === 'bad') throw new Error('internal: broken');
      return { metrics: { accuracy: 0.95, latencyMs: { p50: 1 } } };
    });
    const { record, folder: run } = await runSketch(folder, plan, executor);
    expect(record.stages.map((stage) => stage.status)).toEqual(['ran', 'failed', 'skipped']);
    expect(record.errors).toHaveLength(1);
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    validate(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')));
    expect(validate.errors).toBeNull();
  });

  it('has a name that sorts by time and differs within a second', () => {
    const [early, late] = [newRunId(new Date('2026-01-02T03:04:05Z')), newRunId(new Date('2026-11-02T03:04:05Z'))];
    expect(early).toMatch(/^20260102-030405-[0-9a-f]{4}$/);
    expect(early < late).toBe(true);
  });
});
