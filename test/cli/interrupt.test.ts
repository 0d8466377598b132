import { readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastRun, lathe, processesOfGroup, startLathe, statuses, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** A stage that is done at once, one that takes a minute or never looks up, and one behind that. */
function writeRecipe(slow: string): void {
  const text = `version: 1
name: toy
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - { id: quick, uses: toy-make }
  - { id: slow, uses: toy-make, needs: [quick], with: { ${slow} } }
  - { id: after, uses: toy-shrink }
`;
  writeFileSync(join(cwd, 'recipe.yaml'), text);
}

const leftovers = () => readdirSync(join(cwd, '.lathe', 'cache', 'v1', 'tmp'));

/** Waits until a process group is empty: what was told to end takes a moment. */
async function untilEmpty(group: number): Promise<void> {
  while (processesOfGroup(group).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('Ctrl-C', () => {
  it('stops the run: exit code 130, no process and nothing unfinished left, finished stages kept', async () => {
    writeRecipe('waitMs: 60000');
    const run = startLathe(['run'], { cwd });
    await run.saw('slow: making');
    // A terminal signals the whole group.
    process.kill(-run.process.pid!, 'SIGINT');
    const { code, stderr } = await run.finished;
    expect(code).toBe(130);
    expect(stderr).toBe('Stopping; finished stages are kept. Once more to stop at once.\n');
    expect(processesOfGroup(run.process.pid!)).toEqual([]);
    expect(leftovers()).toEqual([]);
    expect(lastRun(cwd).status).toBe('interrupted');
    expect(statuses(lastRun(cwd))).toEqual(['quick ran', 'slow cancelled', 'after cancelled']);

    writeRecipe('waitMs: 20');
    expect((await lathe(['run'], { cwd })).code).toBe(0);
    expect(statuses(lastRun(cwd))).toEqual(['quick cached', 'slow ran', 'after ran']);
  });

  it('for a second time ends a stage that does not look up', async () => {
    writeRecipe('misbehave: spin');
    const run = startLathe(['run'], { cwd });
    await run.saw('slow: making');
    process.kill(-run.process.pid!, 'SIGINT');
    await run.saw('Once more to stop at once.');
    process.kill(-run.process.pid!, 'SIGINT');
    const { code } = await run.finished;
    expect(code).toBe(130);
    expect(processesOfGroup(run.process.pid!)).toEqual([]);
    expect(leftovers()).toEqual([]);
    expect(statuses(lastRun(cwd))).toEqual(['quick ran', 'slow cancelled', 'after cancelled']);
  });
});

describe('SIGTERM', () => {
  it('to the command alone stops the run likewise, with exit code 143', async () => {
    writeRecipe('waitMs: 60000');
    const run = startLathe(['run'], { cwd });
    await run.saw('slow: making');
    run.process.kill('SIGTERM');
    expect((await run.finished).code).toBe(143);
    expect(processesOfGroup(run.process.pid!)).toEqual([]);
    expect(lastRun(cwd).status).toBe('interrupted');
  });
});

describe('SIGKILL', () => {
  it('to the command leaves no stage running, and the next run cleans up and goes on', async () => {
    writeRecipe('waitMs: 60000');
    const run = startLathe(['run'], { cwd });
    await run.saw('slow: making');
    run.process.kill('SIGKILL');
    await untilEmpty(run.process.pid!);
    expect(leftovers()).toHaveLength(1);

    writeRecipe('waitMs: 20');
    expect((await lathe(['run'], { cwd })).code).toBe(0);
    expect(statuses(lastRun(cwd))).toEqual(['quick cached', 'slow ran', 'after ran']);
    expect(leftovers()).toEqual([]);
    expect(readdirSync(join(cwd, '.lathe', 'cache', 'v1', 'live'))).toEqual([]);
  });
});

describe('a timeout', () => {
  it('stops a stage that does not look up, and says so with its place', async () => {
    writeRecipe('misbehave: spin');
    const text =
      'version: 1\nname: toy\nplugins: [PLUGIN]\nstages:\n  - { id: slow, uses: toy-make, timeout: 1s, with: { misbehave: spin } }\n';
    writeFileSync(join(cwd, 'recipe.yaml'), text.replace('PLUGIN', JSON.stringify(TOY_PLUGIN)));
    const { code, stderr } = await lathe(['run'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('recipe.yaml:5:');
    expect(stderr).toContain('took longer than its timeout of 1 s and was stopped.');
    expect(leftovers()).toEqual([]);
  });
});

describe('a reader that goes away', () => {
  it('does not disturb the run', async () => {
    writeRecipe('waitMs: 20');
    const run = startLathe(['run'], { cwd });
    run.process.stdout!.destroy();
    expect(await run.finished).toMatchObject({ code: 0, stderr: '' });
    expect(statuses(lastRun(cwd))).toEqual(['quick ran', 'slow ran', 'after ran']);
  });
});
