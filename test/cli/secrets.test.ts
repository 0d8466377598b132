import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { lathe } from '../support/lathe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const LEAKY = fileURLToPath(new URL('../fixtures/plugins/leaky.ts', import.meta.url));
const TOKEN = 'tok-7f3a9"\\c51e';
/** Also what is left where a part of it was taken for the whole. */
const TRACES = [TOKEN, '7f3a9', 'c51e', Buffer.from(TOKEN).toString('base64').slice(3, 12)];

const recipe = (options: string, reference = '') => `version: 1
plugins: [${LEAKY}]
env: { pass: [LEAK_TOKEN] }
stages:
  - { id: leak, uses: leaky, with: ${options}${reference} }
`;

async function leak(options: string, ...argv: string[]) {
  const folder = temporaryFolder({ 'recipe.yaml': recipe(options) });
  const { stdout, stderr, code } = await lathe(argv.length > 0 ? argv : ['run', '--log-level', 'debug'], {
    cwd: folder,
    env: { LEAK_TOKEN: TOKEN },
  });
  const files = filesUnder(folder).filter((file) => !file.endsWith('recipe.yaml'));
  const written = files.map((file) => readFileSync(file, 'utf8'));
  for (const trace of TRACES) {
    expect(stdout).not.toContain(trace);
    expect(stderr).not.toContain(trace);
    for (const [index, text] of written.entries()) expect(text, files[index]).not.toContain(trace);
    expect(files.filter((file) => file.includes(trace))).toEqual([]);
  }
  return { stdout, stderr, code, files };
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

test('whatever a stage says or reports, its secret is in no output and in no file', { timeout: 60_000 }, async () => {
  const { stdout, code, files } = await leak('{ end: well }');
  expect(code).toBe(0);
  expect(stdout).toContain('leak: info ***');
  expect(stdout).toContain("printed { token: '***' }");
  expect(stdout).toMatch(/in pieces \*\*\* \.+ …/);
  const log = readFileSync(files.find((file) => file.endsWith('log.jsonl'))!, 'utf8');
  expect(log).toContain('"deep":[{"token":"***"}]');
  const record = JSON.parse(readFileSync(files.find((file) => file.endsWith('run.json'))!, 'utf8'));
  expect(record.stages[0].metrics).toEqual({ told: { token: '***', list: ['***'] } });
  expect(files.some((file) => file.endsWith('recipe.lock.yaml'))).toBe(true);
});

test.each([
  ['throw', 1],
  ['mistake', 1],
  // A process that a signal ended is a fault of the machine.
  ['die', 5],
])('nor is it where the stage fails: %s', { timeout: 60_000 }, async (end, expected) => {
  const { stderr, code } = await leak(`{ end: ${end} }`);
  expect(code).toBe(expected);
  expect(stderr).toContain('***');
});

test('nor in the run record on standard output', { timeout: 60_000 }, async () => {
  const { stdout } = await leak('{ end: well }', 'run', '--json');
  expect(JSON.parse(stdout).stages[0].metrics.told.token).toBe('***');
});

test('nor in what the check of a plugin throws before anything runs', { timeout: 60_000 }, async () => {
  const { stderr, code } = await leak('{ check: true }', 'plan');
  expect(code).toBe(2);
  expect(stderr).toContain('The check knows ***.');
  expect(stderr).toContain('Forget ***.  [LEAKY_CHECK]');
});

test('a reference to it is refused, and another value of it computes nothing anew', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder({
    'refers.yaml': recipe(`{ end: "\${{ env.LEAK_TOKEN }}" }`),
    'recipe.yaml': recipe('{}'),
  });
  const refused = await lathe(['plan', 'refers.yaml'], { cwd: folder, env: { LEAK_TOKEN: TOKEN } });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('List it under env.hash if it is none.  [RECIPE_ENV_PASS]');
  expect(refused.stderr).not.toContain(TOKEN);
  await lathe(['run'], { cwd: folder, env: { LEAK_TOKEN: TOKEN } });
  const again = await lathe(['run'], { cwd: folder, env: { LEAK_TOKEN: 'another one' } });
  expect(again.stdout).toContain('Done: 1 cached');
});
