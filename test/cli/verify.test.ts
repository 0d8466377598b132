import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lathe, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
  await mkdir(join(cwd, 'tmp'));
  write('recipe.yaml', RECIPE);
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const RECIPE = `version: 1
name: toy
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - { id: base, uses: toy-make, with: { size: 8 } }
  - { id: small, uses: toy-shrink }
  - { id: check, uses: toy-judge }
exports:
  model: { from: small, to: model.onnx }
`;

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const lock = (change: (text: string) => string) => {
  const path = join(cwd, 'recipe.lock.yaml');
  writeFileSync(path, change(readFileSync(path, 'utf8')));
};
const call = (...argv: string[]) => lathe(argv, { cwd, env: { TMPDIR: join(cwd, 'tmp') } });

describe('lathe verify', () => {
  beforeEach(async () => {
    expect((await call('run')).code).toBe(0);
  });

  it('computes everything anew and finds the same bits, and leaves nothing behind', async () => {
    await rm(join(cwd, 'model.onnx'));
    const { code, stdout, stderr } = await call('verify');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('base: started (no result for this key)\n');
    expect(stdout).toContain('✓ base   same bits\n✓ small  same bits\n✓ check  same bits\n');
    expect(stdout).toContain('Verified: all 3 cells came out as the lockfile says.');
    expect(readdirSync(join(cwd, 'tmp'))).toEqual([]);
    expect(readdirSync(join(cwd, '.lathe', 'runs'))).toHaveLength(1);
    expect(existsSync(join(cwd, 'model.onnx'))).toBe(false);
  });

  it('exits with 4 where other bytes or other metrics come out, and names them', async () => {
    lock((text) => text.replace('sparsity: 0.25', 'sparsity: 0.2500001'));
    const { code, stdout } = await call('verify');
    expect(code).toBe(4);
    expect(stdout).toContain('✓ base   same bits\n✗ small  sparsity 0.2500001 → 0.25\n');
    expect(stdout).toContain('1 of 3 cells came out otherwise than the lockfile says.');
  });

  it('compares metrics within tolerances where the lockfile is from another class of CPU', async () => {
    lock((text) => text.replace(/cpuClass: .*/, 'cpuClass: arm64-dotprod').replace('sparsity: 0.25', 'sparsity: 0.24'));
    const near = await call('verify');
    expect(near.stdout).toContain('✓ small  metrics within tolerances');
    expect(near.stdout).toMatch(
      /Metrics were compared, not bits: the lockfile is from onnxruntime \S+ on arm64-dotprod\./,
    );
    expect(near.code).toBe(0);
    const strict = await call('verify', '--tolerance', 'sparsity=0.001', '--json');
    expect(strict.code).toBe(4);
    expect(JSON.parse(strict.stdout)).toMatchObject({
      by: 'metrics',
      isSame: false,
      cells: [
        { cell: 'base', isSame: true },
        { cell: 'small', isSame: false, notes: ['sparsity 0.24 → 0.25, off by more than 0.001'] },
        { cell: 'check', isSame: true },
      ],
    });
  });

  it('takes the tolerances of the recipe, unless the command line has others', async () => {
    write('recipe.yaml', RECIPE.replace('uses: toy-shrink', 'uses: toy-shrink, tolerance: { sparsity: 1% }'));
    expect((await call('run')).stdout).toMatch(/3 cached/);
    lock((text) =>
      text.replace(/cpuClass: .*/, 'cpuClass: arm64-dotprod').replace('sparsity: 0.25', 'sparsity: 0.247'),
    );
    const strict = await call('verify');
    expect(strict.stdout).toContain('✗ small  sparsity 0.247 → 0.25, off by more than 0.00247\n');
    expect(strict.code).toBe(4);
    expect((await call('verify', '--tolerance', 'sparsity=2%')).code).toBe(0);
  });

  it('refuses a lockfile that is not of the recipe as it is now, before anything runs', async () => {
    write('recipe.yaml', RECIPE.replace('size: 8', 'size: 9'));
    const { code, stdout, stderr } = await call('verify');
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toContain('recipe.lock.yaml was not made by the recipe as it is now:\n  recipe digest ');
    expect(stderr).toContain('\n  base: options.size 8 → 9\n');
    expect(stderr).toContain('[LOCK_STALE]');
  });

  it('needs a lockfile, and tolerances for metrics that there are', async () => {
    expect(await call('verify', '--tolerance', 'sparsty=1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "sparsity"?  [CLI_TOLERANCE]'),
    });
    await rm(join(cwd, 'recipe.lock.yaml'));
    expect(await call('verify')).toMatchObject({ code: 2, stderr: expect.stringContaining('[LOCK_MISSING]') });
  });
});
