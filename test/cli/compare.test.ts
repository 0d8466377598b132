import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastRun, lathe, TOY_PLUGIN } from '../support/lathe.js';

const RECIPE = `version: 1
name: toy
plugins: [${JSON.stringify(TOY_PLUGIN)}]
params: { limit: 0.5 }
stages:
  - { id: base, uses: toy-make, with: { size: 8 } }
  - { id: small, uses: toy-shrink, with: { limit: "\${{ params.limit }}" } }
  - { id: check, uses: toy-judge }
`;

let cwd: string;
let first: string;
let second: string;
const call = (...argv: string[]) => lathe(argv, { cwd });
const git = (...argv: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...argv], { cwd, stdio: 'pipe' });

// Two runs: of the recipe as it is, committed with its lockfile, and of one with another limit.
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
  writeFileSync(join(cwd, 'recipe.yaml'), RECIPE);
  await call('run');
  first = lastRun(cwd).id;
  git('init', '-q');
  git('add', 'recipe.yaml', 'recipe.lock.yaml');
  git('commit', '-q', '-m', 'first');
  writeFileSync(join(cwd, 'recipe.yaml'), RECIPE.replace('limit: 0.5', 'limit: 0.9'));
  await call('run');
  second = lastRun(cwd).id;
}, 60_000);
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe('lathe diff', () => {
  it('compares the last two runs: options, metrics, models, sizes', async () => {
    const { code, stdout } = await call('diff');
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(lines).toEqual([
      ['cell', 'what', first, second, 'change'],
      ['small', 'option limit', '0.5', '0.9'],
      ['small', 'sparsity', '0.25', '0.75', '+0.5 (+200%)'],
      ['small', 'digest of model', expect.any(String), expect.any(String)],
    ]);
  });

  it('says that there is no difference', async () => {
    expect((await call('diff', first, first)).stdout).toBe(`No difference between ${first} and ${first}.\n`);
  });

  it('gives Markdown for a pull request, CSV and JSON for programs', async () => {
    const markdown = (await call('diff', 'last~1', 'last', '--format', 'md')).stdout;
    expect(markdown).toContain(`| cell | what | ${first} | ${second} | change |\n| --- | --- | ---: | ---: | ---: |\n`);
    expect(markdown).toContain('| small | sparsity | 0.25 | 0.75 | +0.5 (+200%) |\n');
    const csv = (await call('diff', '--format', 'csv')).stdout;
    expect(csv).toContain('cell,kind,name,before,after\nsmall,option,limit,0.5,0.9\n');
    const json = JSON.parse((await call('diff', '--format', 'json')).stdout);
    expect(json).toMatchObject({ before: first, after: second });
    expect(json.differences).toContainEqual({
      cell: 'small',
      kind: 'metric',
      name: 'sparsity',
      before: 0.25,
      after: 0.75,
    });
  });

  it('tells of a cell that failed in one of them that its result is missing, not every metric', async () => {
    const records = [first, second].map((id) => join(cwd, '.lathe', 'runs', id, 'run.json'));
    const texts = records.map((path) => readFileSync(path, 'utf8'));
    const failed = JSON.parse(texts[1]!);
    failed.stages.find(({ cell }: { cell: string }) => cell === 'small').status = 'failed';
    writeFileSync(records[1]!, JSON.stringify(failed));
    const { stdout } = await call('diff');
    writeFileSync(records[1]!, texts[1]!);
    const rows = stdout.split('\n').filter((line) => line.startsWith('small '));
    expect(rows.map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
      'small option limit 0.5 0.9',
      'small result there failed',
    ]);
  });

  it('compares the lockfile with what git has of it', async () => {
    const { code, stdout } = await call('diff', '--lock', 'HEAD');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^cell +what +HEAD +recipe\.lock\.yaml +change\nsmall +option limit +0\.5 +0\.9\n/);
    expect((await call('diff', '--lock', 'HEAD..HEAD')).stdout).toBe('No difference between HEAD and HEAD.\n');
  });

  it.each([
    [['diff', 'lst'], 'RUN_REFERENCE'],
    [['diff', 'last', 'last', 'last'], 'CLI_DIFF'],
    [['diff', 'last', '--lock', 'HEAD'], 'CLI_DIFF'],
    [['diff', '--lock', 'nowhere'], 'LOCK_REVISION'],
    [['explain', 'recipe.yaml', 'small'], 'PLAN_SELECTION'],
    [['diff', '--lock', '--output=x'], 'CLI_DIFF'],
    [['diff', '--lock', 'HEAD', '--recipe', 'other.yaml'], 'LOCK_REVISION'],
  ])('refuses %j', async (argv, code) => {
    const result = await call(...argv);
    expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`[${code}]`) });
    expect(existsSync(join(cwd, 'x'))).toBe(false);
  });
});

describe('in a folder without runs', () => {
  it('history tells where above there are some, and gc that there is no cache and makes none', async () => {
    const below = join(cwd, 'below');
    mkdirSync(below);
    const history = await lathe(['history'], { cwd: below });
    expect(history.stdout).toBe(`No recipe was run in this folder. In ${cwd} there are runs: call it there.\n`);
    const gc = await lathe(['gc'], { cwd: below });
    expect(gc).toMatchObject({ code: 0, stdout: `There is no cache in ${join(below, '.lathe', 'cache')}.\n` });
    expect(readdirSync(below)).toEqual([]);
  });
});

describe('lathe history', () => {
  it('lists the runs, the latest first', async () => {
    const { stdout } = await call('history');
    const lines = stdout.trimEnd().split('\n');
    expect(lines[1]).toMatch(new RegExp(`^${second} +\\d{4}-\\d\\d-\\d\\d .* toy +succeeded +.* +1 cached, 2 ran$`));
    expect(lines[2]).toMatch(new RegExp(`^${first} .* 3 ran$`));
    expect((await call('history', '--limit', '1')).stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(JSON.parse((await call('history', '--json')).stdout)).toMatchObject([
      { id: second, recipe: 'toy', status: 'succeeded', cells: { cached: 1, ran: 2 } },
      { id: first, cells: { ran: 3 } },
    ]);
  });
});

describe('lathe metrics', () => {
  it('prints what a run measured', async () => {
    expect((await call('metrics', first, '--format', 'csv')).stdout).toBe(
      'cell,uses,status,metric,value\nbase,toy-make,ran,loss,0.25\nsmall,toy-shrink,ran,sparsity,0.25\ncheck,toy-judge,ran,accuracy,0.9\n',
    );
    expect((await call('metrics', '--format', 'md')).stdout).toContain('| check | ');
    expect(JSON.parse((await call('metrics', '--format', 'json')).stdout)).toMatchObject({
      run: second,
      cells: { small: { uses: 'toy-shrink', metrics: { sparsity: 0.75 } } },
    });
  });

  it('lie in the folder of each run as well', () => {
    expect(readFileSync(join(cwd, '.lathe', 'runs', first, 'metrics.tsv'), 'utf8')).toBe(
      'cell\tmetric\tvalue\nbase\tloss\t0.25\nsmall\tsparsity\t0.25\ncheck\taccuracy\t0.9\n',
    );
  });
});

describe('lathe status', () => {
  it('tells what would run and why, of the last run and the lockfile, and writes nothing', async () => {
    expect((await call('status')).stdout).toBe(
      `recipe.yaml: up to date, 3 stages cached\nlast run ${second}: succeeded\nrecipe.lock.yaml: fits\n`,
    );
    const changed = await call('status', '--set', 'limit=0.7');
    expect(changed.stdout).toBe(`recipe.yaml: 2 of 3 stages would run
  run   small  options.limit 0.9 → 0.7
  run?  check  after small
last run ${second}: succeeded
recipe.lock.yaml would change: small: options.limit 0.9 → 0.7
`);
    expect(JSON.parse((await call('status', '--set', 'limit=0.7', '--json')).stdout)).toMatchObject({
      cells: 3,
      toRun: [
        { cell: 'small', why: 'options.limit 0.9 → 0.7' },
        { cell: 'check', cache: 'unknown' },
      ],
      lastRun: { id: second },
      lockChanges: ['small: options.limit 0.9 → 0.7'],
    });
  });
});
