import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { lastRun, lathe, statuses, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
  writeRecipe();
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const BASE_OPTIONS = `{ size: "\${{ params.size }}" }`;
const SMALL_OPTIONS = `{ limit: "\${{ params.limit }}" }`;
const RECIPE = `version: 1
name: toy
seed: 7
plugins: [${JSON.stringify(TOY_PLUGIN)}]
params: { limit: 0.5, accuracy: 0.9, size: 8 }
stages:
  - { id: base, uses: toy-make, with: ${BASE_OPTIONS} }
  - { id: small, uses: toy-shrink, with: ${SMALL_OPTIONS} }
  - id: check
    uses: toy-judge
    with: { accuracy: "\${{ params.accuracy }}" }
    expect: { accuracy: { min: 0.8 } }
  - { id: other, uses: toy-make, with: { size: 3 } }
exports:
  model: { from: small, to: dist/model.onnx }
`;

function writeRecipe(text = RECIPE): void {
  writeFileSync(join(cwd, 'recipe.yaml'), text);
}

const run = (...argv: string[]) => lathe(['run', ...argv], { cwd });

/** What a process loaded, started and opened (`models`: of the cache), told by a module that is loaded before it. */
async function runObserved(...argv: string[]) {
  const preload = fileURLToPath(new URL('../fixtures/run/observe.mjs', import.meta.url));
  const report = join(cwd, 'observed.json');
  const finished = await lathe(['run', ...argv], {
    cwd,
    env: { OBSERVE_INTO: report },
    nodeArguments: ['--import', preload],
  });
  const seen = JSON.parse(readFileSync(report, 'utf8')) as { libraries: string[]; spawned: number; opened: string[] };
  return { ...finished, ...seen, models: seen.opened.filter((path) => path.includes('/cas/')) };
}

describe('lathe run', () => {
  it('runs a recipe, tells of each stage, and prints the table; the second run computes nothing', async () => {
    const first = await runObserved();
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('base: started (no result for this key)\n');
    expect(first.stdout).toMatch(/\nsmall +\d.*75\.0%/);
    expect(first.stdout).toContain('✓  check  accuracy >= 0.8  (0.9)');
    expect(statuses(lastRun(cwd))).toEqual(['base ran', 'small ran', 'check ran', 'other ran']);
    // So that what the second run is asked for can be told.
    expect(first.models.length * first.spawned).toBeGreaterThan(0);
    const made = readFileSync(join(cwd, 'dist', 'model.onnx'));

    const second = await runObserved();
    expect(second.code).toBe(0);
    expect(statuses(lastRun(cwd))).toEqual(['base cached', 'small cached', 'check cached', 'other cached']);
    expect(second.spawned).toBe(0);
    // Of all models, what is exported is verified before.
    const exported = lastRun(cwd).stages[1]!.outputs.model!.path;
    expect(second.models.filter((path) => path !== exported)).toEqual([]);
    expect(second.libraries.filter((path) => path.includes('onnxruntime'))).toEqual([]);
    expect(readFileSync(join(cwd, 'dist', 'model.onnx')).equals(made)).toBe(true);
  });

  it('prints nothing but the run record on standard output with --json', async () => {
    const { code, stdout, stderr } = await run('--json');
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const record = JSON.parse(stdout) as RunRecord;
    expect(record).toEqual(lastRun(cwd));
    expect(record).toMatchObject({ schema: 1, status: 'succeeded', seed: 7, recipe: { name: 'toy' } });
    expect(record.runtime.cpuClass).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it('runs a changed stage and what depends on changed bytes, and nothing else', async () => {
    await run();
    await run('--set', 'limit=0.9');
    expect(statuses(lastRun(cwd))).toEqual(['base cached', 'small ran', 'check ran', 'other cached']);
    // A limit that zeroes the same numbers makes the same bytes.
    await run('--set', 'limit=0.90001');
    expect(statuses(lastRun(cwd))).toEqual(['base cached', 'small ran', 'check cached', 'other cached']);
  });

  it('runs only what --only names and needs, and computes it again with --force', async () => {
    await run('--only', 'small');
    expect(statuses(lastRun(cwd))).toEqual(['base ran', 'small ran']);
    await run('--only', 'small', '--force');
    expect(statuses(lastRun(cwd))).toEqual(['base cached', 'small ran']);
    await run('--from-stage', 'small', '--force');
    expect(statuses(lastRun(cwd))).toEqual(['base cached', 'small ran', 'check ran']);
  });

  it('exits with 3 when a gate fails; a changed limit judges anew and computes nothing', async () => {
    const failed = await run('--set', 'accuracy=0.7');
    expect(failed.code).toBe(3);
    expect(failed.stdout).toContain('✗  check  accuracy >= 0.8  (0.7)');
    expect(failed.stdout).toContain('A gate failed: 4 ran');
    expect(existsSync(join(cwd, 'dist'))).toBe(false);
    writeRecipe(RECIPE.replace('min: 0.8', 'min: 0.6'));
    const passed = await run('--set', 'accuracy=0.7');
    expect(passed.code).toBe(0);
    expect(statuses(lastRun(cwd)).filter((each) => !each.endsWith('cached'))).toEqual([]);
    expect(existsSync(join(cwd, 'dist', 'model.onnx'))).toBe(true);
  });

  it('exits with 2 for mistakes in the recipe, all at once with their places, and runs nothing', async () => {
    writeRecipe(RECIPE.replace('toy-shrink', 'toy-shrimp').replace('{ size: 3 }', '{ sice: 3 }'));
    const { code, stdout, stderr } = await run();
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('recipe.yaml:8:24');
    expect(stderr).toContain('Did you mean "toy-shrink"?');
    expect(stderr).toContain('recipe.yaml:13:');
    expect(stderr).toContain('Did you mean "size"?');
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(join(cwd, '.lathe'))).toBe(false);
  });

  it('exits with 1 when a stage fails, tells where, and finishes what does not depend on it', async () => {
    writeRecipe(
      RECIPE.replace(SMALL_OPTIONS, '{}')
        .replace('toy-shrink', 'toy-make')
        .replace('with: {} }', 'with: { misbehave: mistake } }'),
    );
    const { code, stdout, stderr } = await run();
    expect(code).toBe(1);
    expect(stderr).toContain('Stage small failed:\nrecipe.yaml:8:');
    expect(stderr).toContain('The size is wrong.');
    expect(stderr).toContain('Take another one.  [TOY_WRONG]');
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toContain('check: skipped: needs small, which failed');
    expect(statuses(lastRun(cwd))).toEqual(['base ran', 'small failed', 'check skipped', 'other ran']);
  });

  it.each([
    ['die', 'The process of stage base was killed by SIGKILL.', 'RUN_CHILD_KILLED', 5],
    ['throw', 'threw: nothing is right.', 'RUN_STAGE_THREW', 1],
    ['wrong-output', 'returned an output "mdoel" that toy-make does not declare.', 'RUN_OUTPUTS', 1],
    ['nan', 'reported NaN as its metric "loss"', 'RUN_METRIC', 1],
  ])(
    'tells a plugin that does "%s" in one error, stores nothing, and goes on the next time',
    async (what, problem, code, exitCode) => {
      writeRecipe(RECIPE.replace(BASE_OPTIONS, `{ misbehave: ${what} }`));
      const failed = await run();
      expect(failed.code).toBe(exitCode);
      expect(failed.stderr).toContain(problem);
      expect(failed.stderr).toContain(`[${code}]`);
      expect(readdirSync(join(cwd, '.lathe', 'cache', 'v1', 'tmp'))).toEqual([]);
      writeRecipe();
      expect((await run()).code).toBe(0);
      expect(statuses(lastRun(cwd)).at(-1)).toBe('other cached');
    },
  );

  it('shows stack traces with --log-level debug only, and writes the log as JSON lines', async () => {
    writeRecipe(RECIPE.replace(BASE_OPTIONS, '{ misbehave: throw }'));
    const { stderr } = await run('--log-level', 'debug');
    expect(stderr).toMatch(/Caused by: TypeError: nothing is right\n\s+at .*toy\.ts:/);
    const [id] = readdirSync(join(cwd, '.lathe', 'runs'));
    const lines = readFileSync(join(cwd, '.lathe', 'runs', id!, 'log.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    const events = lines.map((line) => JSON.parse(line) as { event: string; cell?: string; msg?: string });
    expect(events[0]).toMatchObject({ event: 'run-start', cells: ['base', 'small', 'check', 'other'] });
    expect(events).toContainEqual(expect.objectContaining({ event: 'stage-log', cell: 'other', msg: 'making' }));
    expect(events.at(-1)).toMatchObject({ event: 'run-end', status: 'failed' });
  });

  it('computes again when a plugin or a file that it imports is edited', async () => {
    const plugin = readFileSync(TOY_PLUGIN, 'utf8');
    writeFileSync(join(cwd, 'limits.ts'), 'export const FACTOR = 1;\n');
    writeFileSync(
      join(cwd, 'toy.ts'),
      `import { FACTOR } from './limits.js';\n${plugin.replace('Math.abs(value) <', 'FACTOR * Math.abs(value) <')}`,
    );
    writeRecipe(RECIPE.replace(JSON.stringify(TOY_PLUGIN), './toy.ts'));
    expect((await run()).code).toBe(0);
    await run();
    expect(statuses(lastRun(cwd))[1]).toBe('small cached');
    writeFileSync(join(cwd, 'limits.ts'), 'export const FACTOR = 0.0001;\n');
    await run();
    expect(statuses(lastRun(cwd)).slice(0, 3)).toEqual(['base ran', 'small ran', 'check ran']);
  });
});

describe('a cache that is at fault', () => {
  it('has a damaged blob and a damaged record computed again with a warning each', async () => {
    await run();
    const before = lastRun(cwd);
    const { path } = before.stages[0]!.outputs.model!;
    chmodSync(path, 0o644);
    writeFileSync(path, 'rubbish');
    const { key } = before.stages[3]!;
    const record = join(cwd, '.lathe', 'cache', 'v1', 'ac', key!.slice(0, 2), `${key}.json`);
    writeFileSync(record, readFileSync(record, 'utf8').replace('"loss":', '"lots":'));

    const { code, stderr } = await run();
    expect(code).toBe(0);
    expect(stderr.match(/^warning: /gm)).toHaveLength(2);
    expect(statuses(lastRun(cwd))).toEqual(['base ran', 'small cached', 'check cached', 'other ran']);
    expect(lastRun(cwd).stages.map((stage) => stage.outputs)).toEqual(before.stages.map((stage) => stage.outputs));
    expect((await run()).stderr).toBe('');
  });

  it('is a file: exit code 5 with the place and what to do', async () => {
    mkdirSync(join(cwd, '.lathe'));
    writeFileSync(join(cwd, '.lathe', 'cache'), 'a file');
    const { code, stderr } = await run();
    expect(code).toBe(5);
    expect(stderr).toContain('.lathe/cache');
    expect(stderr).toContain('[STORAGE_NOT_A_FOLDER]');
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
