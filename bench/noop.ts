/**
 * What a run costs that finds everything in the cache:
 * npm run build && npm ci --prefix bench/wireit && npx jiti bench/noop.ts [options]
 *
 *   --rounds 9        the subjects take turns; the figure is the median
 *   --cells 500,2000  sweeps of so many stages, whose results are made up and put into a cache
 *
 * CPU time of `lathe run pipelines/digits.yaml` beside `node -e 0` and, if bench/wireit is installed, of wireit on a chain of seven
 * scripts; then wall and CPU time of the sweeps. Reading of blobs and started processes are a matter of tests.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Store } from '../src/artifacts/store.js';
import { keyFunction } from '../src/cli/keys.js';
import { preparePlan } from '../src/cli/prepare.js';
import { processTerminal } from '../src/cli/terminal.js';
import { runtimeFacts } from '../src/run/runtime-facts.js';
import { median } from './contender.js';
import { scratchFolder } from './scratch-folder.js';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, cells: { type: 'string', default: '500,2000' } },
});
const LATHE = resolve('dist/bin/lathe.cjs');
const DIGITS = resolve('pipelines/digits.yaml');
const WIREIT = resolve('bench/wireit/node_modules/wireit/bin/wireit.js');

const folder = scratchFolder('noop-bench');
compareStarts();
for (const cells of options.cells.split(',')) await timeSweep(Number(cells));
say(`load average ${loadavg()[0]!.toFixed(1)}`);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Runs a command once. bash tells the CPU time of a process with all that it started. */
function costOf(cwd: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): Cost {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>"$ERRORS"';
  const { stderr, status } = spawnSync('bash', ['-c', script, 'bash', ...command], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env, ERRORS: join(folder, 'errors'), LC_ALL: 'C' },
  });
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  const [wall, user, system] = stderr.trim().split(' ').map(Number) as [number, number, number];
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}

function compareStarts(): void {
  const cwd = join(folder, 'digits');
  mkdirSync(cwd);
  const lathe = [
    process.execPath,
    LATHE,
    'run',
    DIGITS,
    '--allow-path',
    resolve('.'),
    '--no-lock',
    '--cache-dir',
    join(cwd, 'cache'),
  ];
  costOf(cwd, lathe);
  const subjects = new Map<string, () => Cost>([
    ['node -e 0', () => costOf(cwd, [process.execPath, '-e', '0'])],
    ['lathe run, 13 cells cached', () => costOf(cwd, lathe)],
  ]);
  if (existsSync(WIREIT)) {
    const chain = wireitChain();
    chain();
    subjects.set('wireit, 7 scripts fresh', chain);
  } else say('wireit is not installed: left out');
  const costs = new Map([...subjects.keys()].map((name) => [name, [] as number[]]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [name, run] of subjects) costs.get(name)!.push(run().cpuMs);
  }
  const base = median(costs.get('node -e 0')!);
  for (const [name, times] of costs) {
    const each = median(times);
    say(`${name.padEnd(28)} ${each.toFixed(0).padStart(5)} ms CPU  ${(each / base).toFixed(2)} × node -e 0`);
  }
}

/** Seven scripts, each of which copies the file of the one before it. */
function wireitChain(): () => Cost {
  const cwd = join(folder, 'wireit');
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'f0'), 'content');
  const steps = [1, 2, 3, 4, 5, 6, 7];
  const scripts = Object.fromEntries(steps.map((step) => [`step${step}`, 'wireit']));
  const wireit = Object.fromEntries(
    steps.map((step) => [
      `step${step}`,
      {
        command: `cp f${step - 1} f${step}`,
        files: step === 1 ? ['f0'] : [],
        output: [`f${step}`],
        dependencies: step === 1 ? [] : [`step${step - 1}`],
      },
    ]),
  );
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'chain', version: '1.0.0', scripts, wireit }));
  writeFileSync(join(cwd, 'package-lock.json'), '{}');
  // What npm would tell it; npm itself is left out of the figure.
  const env = {
    npm_lifecycle_event: 'step7',
    npm_package_json: join(cwd, 'package.json'),
    npm_config_user_agent: 'npm/10',
  };
  return () => costOf(cwd, [process.execPath, WIREIT], env);
}

/** A sweep whose results are made up: computing them would take an hour, finding them is what counts. */
async function timeSweep(cells: number): Promise<void> {
  const cwd = join(folder, `sweep-${cells}`);
  mkdirSync(cwd);
  // Its content is hashed and never read as a model, since nothing is computed.
  writeFileSync(join(cwd, 'base.onnx'), 'a model');
  const recipe = join(cwd, 'recipe.yaml');
  const stages = Array.from(
    { length: cells },
    (_, index) => `  - { id: p${index}, uses: prune, from: base, with: { keep: ${(index + 1) / (cells + 1)} } }`,
  );
  writeFileSync(recipe, `version: 1\nmodels:\n  base: { file: base.onnx }\nstages:\n${stages.join('\n')}\n`);
  const plan = await preparePlan(
    { recipe, allowPath: [], localPlugins: true },
    { terminal: processTerminal(process.env), env: process.env },
  );
  const keyOf = keyFunction(runtimeFacts(), plan);
  const store = new Store(join(cwd, 'cache'));
  for (const cell of plan.cells) {
    const source = cell.inputs.model!;
    if (source.kind !== 'file') throw new Error('internal: the sweep prunes a file');
    const { key, record } = keyOf(cell, { model: source.digest });
    const staging = await store.makeStaging();
    const file = join(staging, 'model.onnx');
    writeFileSync(file, `made up for ${cell.id}`);
    await store.commit({
      key,
      keyRecord: record,
      outputs: { model: [file] },
      metrics: {},
      durationMs: 1,
      overrule: false,
    });
    await store.removeStaging(staging);
  }
  const command = [process.execPath, LATHE, 'run', recipe, '--no-lock', '--cache-dir', join(cwd, 'cache')];
  costOf(cwd, command);
  const costs = Array.from({ length: Number(options.rounds) }, () => costOf(cwd, command));
  const of = (pick: (cost: Cost) => number) => (median(costs.map(pick)) / 1000).toFixed(2);
  say(`${`${cells} cells cached`.padEnd(28)} ${of((cost) => cost.wallMs)} s, ${of((cost) => cost.cpuMs)} s CPU`);
}
