import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastRun, lathe, TOY_PLUGIN } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const RECIPE = `version: 1
name: toy
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - { id: base, uses: toy-make, with: { size: 5 } }
  - { id: small, uses: toy-shrink }
  - { id: check, uses: toy-judge }
exports:
  base: { from: base, to: base.onnx }
  small: { from: small, to: small.onnx }
`;

/** A project with a run behind it. */
let done: string;
let digests: string;

const digestsOf = (cwd: string) =>
  JSON.stringify(lastRun(cwd).stages.map(({ cell, outputs }) => [cell, outputs.model?.digest]));

beforeAll(async () => {
  done = mkdtempSync(join(tmpdir(), 'lathe-flip-'));
  writeFileSync(join(done, 'recipe.yaml'), RECIPE);
  expect((await lathe(['run'], { cwd: done })).code).toBe(0);
  digests = digestsOf(done);
}, 60_000);
afterAll(() => rmSync(done, { recursive: true, force: true }));

function filesIn(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    return entry.isDirectory() ? filesIn(folder, path) : [path];
  });
}

function flip(path: string, share: number): void {
  const bytes = readFileSync(path);
  const at = Math.min(bytes.length - 1, Math.floor(share * bytes.length));
  bytes[at] = bytes[at]! ^ 1;
  chmodSync(path, 0o644);
  writeFileSync(path, bytes);
}

describe('a flipped bit', () => {
  // The other files of a cache have tests of their own, for every byte: file-memory.test.ts, checkpoint-file.test.ts.
  it.each([
    ['a model', /^cas\//],
    ['a result', /^ac\//],
    ['a note of what is needed', /^needs\//],
  ])(
    'in %s costs a warning at most: the run succeeds with the same models, and the next finds all in order',
    async (_, kind) => {
      const cache = (cwd: string) => join(cwd, '.lathe', 'cache', 'v1');
      const files = filesIn(cache(done)).filter((path) => kind.test(path));
      expect(files.length).toBeGreaterThan(0);
      for (const share of [0, 0.5, 1]) {
        // One copy of the project for all files of a kind: each of them is damaged.
        const cwd = temporaryFolder();
        cpSync(done, cwd, { recursive: true, preserveTimestamps: true });
        for (const path of files) if (statSync(join(cache(cwd), path)).size > 0) flip(join(cache(cwd), path), share);
        // So that every model is wanted.
        rmSync(join(cwd, 'base.onnx'));
        rmSync(join(cwd, 'small.onnx'));
        const { code, stderr } = await lathe(['run'], { cwd });
        expect(`${code} ${stderr.replaceAll(/^warning: .*\n/gm, '')}`).toBe('0 ');
        expect(digestsOf(cwd)).toBe(digests);
        for (const name of ['base.onnx', 'small.onnx']) {
          expect(readFileSync(join(cwd, name)).equals(readFileSync(join(done, name)))).toBe(true);
        }
        const next = await lathe(['run'], { cwd });
        expect(next).toMatchObject({ code: 0, stderr: '' });
        expect(lastRun(cwd).stages.every(({ status }) => status === 'cached')).toBe(true);
      }
    },
    60_000,
  );
});
