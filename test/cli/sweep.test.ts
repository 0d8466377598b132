import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastRun, lathe, statuses, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-sweep-'));
  writeFileSync(join(cwd, 'recipe.yaml'), RECIPE);
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const RECIPE = `version: 1
plugins: [${JSON.stringify(TOY_PLUGIN)}]
params: { limits: [0.3, 0.6] }
stages:
  - { id: base, uses: toy-make, with: { size: 8 } }
  - id: small
    uses: toy-shrink
    matrix: { limit: "\${{ params.limits }}" }
    with: { limit: "\${{ matrix.limit }}" }
  - id: check
    uses: toy-judge
    each: small
    matrix: { include: [{ limit: 0.3, accuracy: 0.9 }, { limit: 0.6, accuracy: 0.8 }] }
    with: { accuracy: "\${{ matrix.accuracy }}" }
  - id: best
    uses: select
    collect: check
    with: { maximize: accuracy }
    expect: { accuracy: { min: 85% } }
  - { id: after, uses: toy-shrink, with: { limit: 2 } }
exports:
  best: { from: best, to: dist/best.onnx }
  all: { from: "small[*]", to: "dist/small-{cell}.onnx" }
`;

const run = (...argv: string[]) => lathe(['run', ...argv], { cwd });

describe('a sweep', () => {
  it('runs every cell, chooses one, judges and exports it; the second run computes nothing', async () => {
    const { code, stdout, stderr } = await run();
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const record = lastRun(cwd);
    expect(statuses(record)).toEqual([
      'base ran',
      'small[limit=0.3] ran',
      'small[limit=0.6] ran',
      'check[accuracy=0.9,limit=0.3] ran',
      'check[accuracy=0.8,limit=0.6] ran',
      'best ran',
      'after ran',
    ]);
    const outputs = new Map(record.stages.map(({ cell, outputs }) => [cell, outputs.model]));
    expect(outputs.get('best')).toEqual(outputs.get('small[limit=0.3]'));
    expect(stdout).toContain('best: accuracy=0.9,limit=0.3, out of 2\n');
    expect(stdout).toContain('✓  best  accuracy >= 0.85  (0.9)');
    expect(readdirSync(join(cwd, 'dist')).sort()).toEqual([
      'best.onnx',
      'small-limit=0.3.onnx',
      'small-limit=0.6.onnx',
    ]);

    expect((await run()).code).toBe(0);
    expect(statuses(lastRun(cwd)).every((status) => status.endsWith(' cached'))).toBe(true);
    expect((await run('--frozen')).code).toBe(0);
  });

  it('keeps all results when its lists are turned round', async () => {
    await run();
    await run('--set', 'limits=[0.6, 0.3]');
    expect(statuses(lastRun(cwd)).filter((status) => !status.endsWith(' cached'))).toEqual([]);
  });

  it('runs one cell alone', async () => {
    await run('--only', 'small[limit=0.6]');
    expect(statuses(lastRun(cwd))).toEqual(['base ran', 'small[limit=0.6] ran']);
  });

  it('is planned cell by cell; a choice waits for what it chooses by', async () => {
    const plan = async () => {
      const { stdout } = await lathe(['plan', '--json'], { cwd });
      const cells = JSON.parse(stdout) as { cell: string; cache: string; waitsFor: string[] }[];
      return Object.fromEntries(cells.map(({ cell, cache, waitsFor }) => [cell, [cache, ...waitsFor].join(' ')]));
    };
    expect((await plan()).best).toBe(
      'unknown small[limit=0.6] small[limit=0.3] check[accuracy=0.8,limit=0.6] check[accuracy=0.9,limit=0.3]',
    );
    await run();
    expect(new Set(Object.values(await plan()))).toEqual(new Set(['hit']));
    const { stdout } = await lathe(['plan'], { cwd });
    expect(stdout).toMatch(/^cached +best +select +2 cells .* unchanged$/m);
    expect(stdout).toMatch(/^best +maximize=accuracy/m);
  });

  it('ends with exit code 1 where no cell is good enough, and says which is the nearest', async () => {
    writeFileSync(
      join(cwd, 'recipe.yaml'),
      RECIPE.replace('maximize: accuracy }', 'maximize: accuracy, require: [{ metric: accuracy, min: 95% }] }'),
    );
    const { code, stderr } = await run();
    expect(code).toBe(1);
    expect(stderr).toContain('No cell has accuracy >= 95%; the nearest, accuracy=0.9,limit=0.3, has 0.9.');
    expect(statuses(lastRun(cwd)).slice(-2)).toEqual(['best failed', 'after skipped']);
    expect(existsSync(join(cwd, 'dist/best.onnx'))).toBe(false);
  });
});

describe('a cell that fails', () => {
  const FAILING = `version: 1
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - id: made
    uses: toy-make
    matrix: { misbehave: [mistake, none], waitMs: [0, 2000], exclude: [{ misbehave: mistake, waitMs: 2000 }] }
    with: { misbehave: "\${{ matrix.misbehave }}", waitMs: "\${{ matrix.waitMs }}" }
  - { id: small, uses: toy-shrink, each: made }
`;

  it('stops what follows it alone, or everything with --fail-fast', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), FAILING);
    const halted = await run('--fail-fast', '--jobs', '3');
    expect(halted.code).toBe(1);
    const slow = lastRun(cwd).stages.find(({ cell }) => cell === 'made[misbehave=none,waitMs=2000]')!;
    expect([slow.status, slow.why]).toEqual(['skipped', 'stopped because made[misbehave=mistake,waitMs=0] failed']);

    expect((await run('--jobs', '3')).code).toBe(1);
    expect(statuses(lastRun(cwd)).filter((status) => !/ (ran|cached)$/.test(status))).toEqual([
      'made[misbehave=mistake,waitMs=0] failed',
      'small[misbehave=mistake,waitMs=0] skipped',
    ]);
  });
});
