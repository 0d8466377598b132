import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { decodeModel } from '../../src/onnx/read.js';
import { lathe } from '../support/lathe.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const ALL_KINDS = ['evaluate', 'finetune', 'l1-regularize', 'prune', 'quantize', 'train', 'transfer'];

/** Training takes seconds; a busy machine takes several times as long. */
const TIMEOUT_MS = 240_000;

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-recipes-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

async function run(recipe: string, ...argv: string[]): Promise<RunRecord> {
  const { code, stdout, stderr } = await lathe(['run', recipe, '--json', ...argv], { cwd });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as RunRecord;
}

function digests(record: RunRecord): Record<string, string> {
  return Object.fromEntries(
    record.stages.flatMap(({ cell, outputs }) =>
      Object.entries(outputs).map(([slot, { digest }]) => [`${cell}.${slot}`, digest]),
    ),
  );
}

describe('pipelines/digits.yaml', () => {
  const recipe = 'pipelines/digits.yaml';
  let first: RunRecord;
  beforeAll(async () => {
    mkdirSync(join(cwd, 'pipelines'));
    cpSync(join(ROOT, recipe), join(cwd, recipe));
    first = await run(recipe, '--cache-dir', 'first');
  }, TIMEOUT_MS);

  it('goes through every kind of stage and meets its gates', () => {
    expect([...new Set(first.stages.map((stage) => stage.uses))].sort()).toEqual(ALL_KINDS);
    expect(first.stages.every((stage) => stage.status === 'ran')).toBe(true);
    expect(first.stages.flatMap((stage) => stage.gates).length).toBeGreaterThan(0);
  });

  it('exports models that say where they come from', () => {
    const model = decodeModel(readFileSync(join(cwd, 'build/digits.onnx')));
    expect(Object.fromEntries(model.metadata)).toMatchObject({ 'lathe.recipe': 'digits', 'lathe.stage': 'int8' });
  });

  it('keeps pruned weights at zero through finetuning and quantization', () => {
    const nonzero = (cell: string) =>
      first.stages.find((stage) => stage.cell === cell)!.metrics.nonzeroParameters as number;
    expect(nonzero('pruned.measure')).toBeLessThan(nonzero('sparse.measure') / 2);
    expect(nonzero('tuned.measure')).toBeLessThanOrEqual(nonzero('pruned.measure'));
    expect(nonzero('int8.measure')).toBeLessThanOrEqual(nonzero('tuned.measure'));
  });

  it('computes nothing the second time', { timeout: TIMEOUT_MS }, async () => {
    const cached = await run(recipe, '--cache-dir', 'first');
    expect(cached.stages.every((stage) => stage.status === 'cached')).toBe(true);
  });

  it('gives the same bytes from an empty cache, whatever runs beside', { timeout: TIMEOUT_MS }, async () => {
    expect(digests(await run(recipe, '--cache-dir', 'second', '--jobs', '1'))).toEqual(digests(first));
  });
});

describe('pipelines/digits-channels.yaml', () => {
  it('halves every layer but the last, residual ones too, and meets its gates', { timeout: TIMEOUT_MS }, async () => {
    const recipe = 'pipelines/digits-channels.yaml';
    mkdirSync(join(cwd, 'pipelines'), { recursive: true });
    cpSync(join(ROOT, recipe), join(cwd, recipe));
    const record = await run(recipe, '--cache-dir', 'channels');
    const { perLayer } = record.stages.find(({ cell }) => cell === 'narrow')!.metrics;
    expect((perLayer as { kept: number }[]).map(({ kept }) => kept)).toEqual([16, 16, 16, 32, 32, 10]);
    const made = decodeModel(readFileSync(join(cwd, 'build/digits-channels.onnx')));
    expect(Object.fromEntries(made.metadata)).toMatchObject({
      'lathe.recipe': 'digits-channels',
      'lathe.stage': 'int8',
    });
  });
});

describe('pipelines/sweep-digits.yaml', () => {
  it('chooses a model that is worth choosing, and computes nothing the second time', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const recipe = 'pipelines/sweep-digits.yaml';
    mkdirSync(join(cwd, 'pipelines'), { recursive: true });
    cpSync(join(ROOT, recipe), join(cwd, recipe));
    const record = await run(recipe, '--cache-dir', 'sweep');
    const best = record.stages.find(({ cell }) => cell === 'best')!;
    const chosen = record.stages.find(({ cell }) => cell === `small[${best.metrics.chosen}]`)!;
    expect(best.metrics.candidates).toBe(8);
    expect(best.outputs).toEqual(chosen.outputs);
    expect(existsSync(join(cwd, 'build/sweep-digits.onnx'))).toBe(true);
    const cached = await run(recipe, '--cache-dir', 'sweep');
    expect(cached.stages.every((stage) => stage.status === 'cached')).toBe(true);
    const turned = await run(recipe, '--cache-dir', 'sweep', '--set', 'keeps=[0.05, 0.4, 0.1, 0.2]');
    expect(turned.stages.every((stage) => stage.status === 'cached')).toBe(true);
  });
});

describe('the recipe in README.md', () => {
  it('runs as it is printed', { timeout: TIMEOUT_MS }, async () => {
    const text = /```yaml\n(version: 1\n[^`]*)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))![1]!;
    writeFileSync(join(cwd, 'recipe.yaml'), text);
    const record = await run('recipe.yaml');
    expect(record.status).toBe('succeeded');
    expect(existsSync(join(cwd, 'build/model.onnx'))).toBe(true);
  });
});
