import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { lathe, statuses, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
let disk: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
  disk = join(cwd, 'disk');
  mkdirSync(disk);
});
afterEach(async () => {
  try {
    execFileSync('umount', [disk], { stdio: 'ignore' });
  } catch {
    // Nothing was mounted.
  }
  await rm(cwd, { recursive: true, force: true });
});

function writeRecipe(size: number, limit = 0.5): void {
  const text = `version: 1
name: toy
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - { id: base, uses: toy-make }
  - { id: big, uses: toy-make, with: { size: ${size} } }
  - { id: small, uses: toy-shrink, from: base, with: { limit: ${limit} } }
`;
  writeFileSync(join(cwd, 'recipe.yaml'), text);
}

/** Runs with the cache on the small disk and everything else beside it; one stage at a time, since a disk that one fills is full for all. */
async function run(): Promise<{ code: number | null; stderr: string; statuses: string[] }> {
  const cache = join(disk, 'cache');
  const { code, stderr, stdout } = await lathe(['run', '--json', '--jobs', '1', '--cache-dir', cache], { cwd });
  return { code, stderr, statuses: stdout === '' ? [] : statuses(JSON.parse(stdout) as RunRecord) };
}

/** Mounting takes root; elsewhere a disk of a chosen size is not to be had, and the tests of this file are skipped. */
const canMount = (() => {
  if (process.getuid?.() !== 0) return false;
  const probe = join(tmpdir(), `lathe-mount-${process.pid}`);
  try {
    mkdirSync(probe);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    execFileSync('rmdir', [probe]);
  }
})();

describe.skipIf(!canMount)('a disk of 256 kB', () => {
  beforeEach(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
  });

  it('that is full is one clear error with exit code 5; what fits is kept, and nothing half-written', async () => {
    writeRecipe(1_000_000);
    const full = await run();
    expect(full.code).toBe(5);
    expect(full.statuses).toEqual(['base ran', 'big failed', 'small ran']);
    expect(full.stderr.match(/\[STORAGE_FULL\]/g)).toHaveLength(1);
    expect(full.stderr).toContain(join(disk, 'cache'));
    expect(full.stderr).toContain('Free some space, or put the cache elsewhere with --cache-dir.');
    expect(full.stderr).not.toMatch(/\n\s+at /);
    expect(readdirSync(join(disk, 'cache', 'v1', 'tmp'))).toEqual([]);

    writeRecipe(5);
    expect(await run()).toMatchObject({ code: 0, statuses: ['base cached', 'big ran', 'small cached'] });
  });

  it('that is read-only serves what it holds, and refuses the rest with exit code 5', async () => {
    writeRecipe(5);
    expect((await run()).code).toBe(0);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    expect(await run()).toMatchObject({ code: 0, stderr: '', statuses: ['base cached', 'big cached', 'small cached'] });
    writeRecipe(5, 0.9);
    const refused = await run();
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('[STORAGE_DENIED]');
    expect(refused.statuses).toEqual(['base cached', 'big cached', 'small failed']);
  });
});

/** A folder on another file system than the temporary ones, which needs no root; null where there is none. */
const elsewhere = (() => {
  const shared = '/dev/shm';
  try {
    return statSync(shared).dev === statSync(tmpdir()).dev ? null : shared;
  } catch {
    return null;
  }
})();

it.skipIf(elsewhere === null)(
  'a cache on another file system than models and exports works like any other',
  async () => {
    const cache = await mkdtemp(join(elsewhere!, 'lathe-cache-'));
    try {
      writeRecipe(5);
      const recipe = join(cwd, 'recipe.yaml');
      const text = readFileSync(recipe, 'utf8');
      writeFileSync(recipe, `${text}exports: { model: { from: small, to: made/model.onnx } }\n`);
      const run = () => lathe(['run', '--json', '--cache-dir', cache], { cwd });
      const first = await run();
      expect(`${first.code}${first.stderr}`).toBe('0');
      const made = readFileSync(join(cwd, 'made', 'model.onnx'));
      rmSync(join(cwd, 'made'), { recursive: true });
      // The model of that file goes into the cache on the other side, and comes back.
      writeFileSync(join(cwd, 'given.onnx'), made);
      writeFileSync(
        recipe,
        `${text}  - { id: again, uses: toy-shrink, from: given, with: { limit: 0.9 } }
models: { given: { file: given.onnx } }
exports: { model: { from: small, to: made/model.onnx }, again: { from: again, to: made/again.onnx } }
`,
      );
      const second = await run();
      expect(`${second.code}${second.stderr}`).toBe('0');
      expect(statuses(JSON.parse(second.stdout) as RunRecord)).toEqual([
        'base cached',
        'big cached',
        'small cached',
        'again ran',
      ]);
      expect(readFileSync(join(cwd, 'made', 'model.onnx')).equals(made)).toBe(true);
      expect(readdirSync(join(cwd, 'made'))).toEqual(['again.onnx', 'model.onnx']);
      expect(readdirSync(join(cache, 'v1', 'tmp'))).toEqual([]);
    } finally {
      await rm(cache, { recursive: true, force: true });
    }
  },
);
