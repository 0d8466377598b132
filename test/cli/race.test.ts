import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { lathe, startLathe, TOY_PLUGIN } from '../support/lathe.js';

let root: string;
let cache: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lathe-race-'));
  cache = join(root, 'cache');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const RECIPE = `version: 1
name: toy
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - { id: base, uses: toy-make, with: { size: 5, waitMs: 300 } }
  - { id: small, uses: toy-shrink }
  - { id: other, uses: toy-make, with: { size: 3, waitMs: 100 } }
`;

/** A folder of its own with the recipe, so that each process writes a lockfile of its own. */
function project(name: string): string {
  const cwd = join(root, name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'recipe.yaml'), RECIPE);
  return cwd;
}

const run = (cwd: string) => lathe(['run', '--json', '--cache-dir', cache], { cwd });

describe('processes that share a cache', () => {
  it('compute every key once, all eight of them, and end with equal lockfiles', async () => {
    const folders = Array.from({ length: 8 }, (_, index) => project(`p${index}`));
    const finished = await Promise.all(folders.map(run));
    expect(finished.map(({ code, stderr }) => `${code}${stderr}`)).toEqual(folders.map(() => '0'));
    const stages = finished.flatMap(({ stdout }) => (JSON.parse(stdout) as RunRecord).stages);
    const ran = stages.filter(({ status }) => status === 'ran').map(({ cell }) => cell);
    expect(ran.sort()).toEqual(['base', 'other', 'small']);
    expect(new Set(folders.map((cwd) => readFileSync(join(cwd, 'recipe.lock.yaml'), 'utf8'))).size).toBe(1);
    expect(readdirSync(join(cache, 'v1', 'locks'))).toEqual([]);
    expect(readdirSync(join(cache, 'v1', 'tmp'))).toEqual([]);
  });

  it('do not wait for one that was killed while it computed', async () => {
    const cwd = project('p');
    const first = startLathe(['run', '--cache-dir', cache], { cwd });
    await first.saw('base: making');
    first.process.kill('SIGKILL');
    await first.finished;
    expect(readdirSync(join(cache, 'v1', 'locks'))).not.toEqual([]);
    expect(await run(cwd)).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(cache, 'v1', 'locks'))).toEqual([]);
  });
});
