import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lathe, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
  const plugin = readFileSync(TOY_PLUGIN, 'utf8').replace('Math.abs(value) <', 'FACTOR * Math.abs(value) <');
  write('toy.ts', `import { FACTOR } from './limits.js';\n${plugin}`);
  write('limits.ts', 'export const FACTOR = 1;\n');
  write('recipe.yaml', RECIPE);
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const RECIPE = `version: 1
name: toy
plugins: [./toy.ts]
params: { limit: 0.5, size: 4 }
stages:
  - { id: base, uses: toy-make, with: { size: "\${{ params.size }}" } }
  - { id: small, uses: toy-shrink, with: { limit: "\${{ params.limit }}" } }
`;

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const call = (...argv: string[]) => lathe(argv, { cwd });
const explain = async (...argv: string[]) => (await call('explain', ...argv)).stdout;

describe('lathe explain', () => {
  it('names the option that changed since the last run, and what it compared with', async () => {
    await call('run');
    expect(await explain('small')).toMatch(/^small \(toy-shrink\) is cached: nothing changed since the last run, \d/);
    expect(await explain('small', '--set', 'limit=0.6')).toMatch(
      /^small \(toy-shrink\) would run:\n {2}options\.limit 0\.5 → 0\.6\n {2}compared with the run \d{8}-\d{6}-\w+, computed /,
    );
  });

  it('looks past what a stage waits for, and tells why that has to run', async () => {
    await call('run');
    const text = await explain('small', '--set', 'limit=0.6', '--set', 'size=5');
    expect(text).toContain('small (toy-shrink) may run:\n  options.limit 0.5 → 0.6\n');
    expect(text).toContain('  base must run first: options.size 4 → 5\n');
  });

  it('names the file of a plugin that was edited', async () => {
    await call('run');
    write('limits.ts', 'export const FACTOR = 2;\n');
    expect(await explain('base')).toContain('\n  plugin code ./toy.ts: limits.ts edited\n');
  });

  it('finds the nearest result in the cache where the runs tell nothing, for instance of a renamed stage', async () => {
    await call('run');
    await call('run', '--set', 'size=5');
    write('recipe.yaml', RECIPE.replace('id: base', 'id: start'));
    const text = await explain('start');
    expect(text).toContain('  id base → start\n  compared with the nearest result in the cache, computed ');
  });

  it('says that a stage was never run, and that its result is gone', async () => {
    expect(await explain('base')).toBe('base (toy-make) would run:\n  no result for this key\n');
    await call('run');
    await rm(join(cwd, '.lathe', 'cache'), { recursive: true });
    expect(await explain('base')).toContain('\n  its result is no longer in the cache\n');
  });

  it('gives the same as JSON', async () => {
    await call('run');
    const [cell] = JSON.parse(await explain('small', '--set', 'limit=0.6', '--json'));
    expect(cell).toMatchObject({
      cell: 'small',
      cache: 'miss',
      changes: [{ path: ['options', 'limit'], before: 0.5, after: 0.6, text: 'options.limit 0.5 → 0.6' }],
    });
  });

  it('suggests the right stage for a wrong one, with exit code 2', async () => {
    expect(await call('explain', 'smal')).toMatchObject({
      code: 2,
      stderr: 'There is no stage "smal".\nDid you mean "small"?  [PLAN_SELECTION]\n',
    });
  });

  it('is what a run tells as the reason of a stage', async () => {
    await call('run');
    const { stdout } = await call('run', '--set', 'limit=0.6');
    expect(stdout).toContain('small: started (options.limit 0.5 → 0.6)\n');
  });
});
