import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastRun, lathe, statuses, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
  write('toy.ts', readFileSync(TOY_PLUGIN, 'utf8'));
  write('recipe.yaml', RECIPE);
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const RECIPE = `version: 1
name: toy
plugins: [./toy.ts]
params: { limit: 0.5 }
stages:
  - { id: base, uses: toy-make, with: { size: 8 } }
  - { id: small, uses: toy-shrink, with: { limit: "\${{ params.limit }}" } }
  - { id: check, uses: toy-judge, expect: { accuracy: { min: 0.8 } } }
exports:
  model: { from: small, to: model.onnx }
`;

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const read = (name: string) => readFileSync(join(cwd, name), 'utf8');
const run = (...argv: string[]) => lathe(['run', ...argv], { cwd });
const LOCK = 'recipe.lock.yaml';

describe('the lockfile', () => {
  it('is written by a run of the whole recipe, and the same after a run from nothing', async () => {
    await run();
    const first = read(LOCK);
    expect(first).toContain('\n    metrics:\n      sparsity: 0.25\n');
    await rm(join(cwd, '.lathe'), { recursive: true });
    await rm(join(cwd, LOCK));
    await run('--jobs', '1');
    expect(read(LOCK)).toBe(first);
  });

  it('is not changed by comments and layout of the recipe, but by what it says', async () => {
    await run();
    const first = read(LOCK);
    write(
      'recipe.yaml',
      `# a comment\n${RECIPE.replace('name: toy\nplugins: [./toy.ts]', 'plugins:\n  - ./toy.ts\nname: toy')}`,
    );
    expect((await run('--frozen')).code).toBe(0);
    write('recipe.yaml', RECIPE.replace('min: 0.8', 'min: 0.7'));
    await run();
    const changed = read(LOCK)
      .split('\n')
      .filter((line, index) => line !== first.split('\n')[index]);
    expect(changed).toEqual([expect.stringMatching(/^ {2}digest: /)]);
  });

  it.each([['--no-lock'], ['--only', 'base'], ['--set', 'limit=0.9']])('is not written with %s', async (...argv) => {
    expect((await run(...argv)).code).toBe(0);
    expect(existsSync(join(cwd, LOCK))).toBe(false);
  });

  it('is not written when a gate fails', async () => {
    write('recipe.yaml', RECIPE.replace('min: 0.8', 'min: 0.95'));
    expect((await run()).code).toBe(3);
    expect(existsSync(join(cwd, LOCK))).toBe(false);
  });
});

describe('lathe run --frozen', () => {
  it('fails with exit code 4 before anything runs where the plan differs, and says how', async () => {
    await run();
    await rm(join(cwd, '.lathe', 'runs'), { recursive: true });
    write('recipe.yaml', RECIPE.replace('limit: 0.5', 'limit: 0.6').replace('size: 8', 'size: 9'));
    const { code, stdout, stderr } = await run('--frozen');
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toContain('recipe.lock.yaml would change:\n  recipe digest ');
    expect(stderr).toContain('\n  base: options.size 8 → 9\n  small: options.limit 0.5 → 0.6\nIf that is wanted');
    expect(stderr).toContain('[LOCK_FROZEN]');
    expect(existsSync(join(cwd, '.lathe', 'runs'))).toBe(false);
  });

  it('names the edited file of a plugin', async () => {
    await run();
    write('toy.ts', `${read('toy.ts')}\n// edited\n`);
    expect((await run('--frozen')).stderr).toContain('\n  base: plugin code ./toy.ts edited\n');
  });

  it('compares only what --only names', async () => {
    await run();
    expect((await run('--frozen', '--set', 'limit=0.6', '--only', 'base')).code).toBe(0);
    expect((await run('--frozen', '--set', 'limit=0.6', '--only', 'small')).code).toBe(4);
  });

  it('fails after the run where a result differs, and exports nothing', async () => {
    await run();
    const locked = read(LOCK);
    write(LOCK, locked.replace('sparsity: 0.25', 'sparsity: 0.5'));
    await rm(join(cwd, 'model.onnx'));
    const { code, stderr } = await run('--frozen');
    expect(code).toBe(4);
    expect(stderr).toContain('\n  small: sparsity 0.5 → 0.25\n');
    expect(existsSync(join(cwd, 'model.onnx'))).toBe(false);
    expect(lastRun(cwd)).toMatchObject({ status: 'failed', errors: [{ code: 'LOCK_FROZEN', class: 'frozen' }] });
    expect(statuses(lastRun(cwd))).toEqual(['base cached', 'small cached', 'check cached']);
  });

  it('says what another processor means', async () => {
    await run();
    write(LOCK, read(LOCK).replace(/cpuClass: .*/, 'cpuClass: x64-sse'));
    const { code, stderr } = await run('--frozen');
    expect(code).toBe(4);
    expect(stderr).toMatch(/would change:\n {2}cpuClass x64-sse → \S+\n`lathe verify` compares/);
  });

  it('needs a lockfile', async () => {
    expect(await run('--frozen')).toMatchObject({ code: 4, stderr: expect.stringContaining('[LOCK_MISSING]') });
  });
});
