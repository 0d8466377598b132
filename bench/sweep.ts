// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
/**
 * Times a sweep of equal cells with several jobs against one: npm run build && npx jiti bench/sweep.ts [options]
 *
 *   --subjects mlp,conv   --cells 6   --jobs <cores>   --rounds 5   --epochs 120   --threads <cores of a cell at most>
 *
 * A job alone has all cores for itself and trains with several of them where it gains from that, so that one after another uses the
 * machine as well. --threads 1 keeps every cell to one core: what running them in parallel gains by itself. Rounds take turns, each run has an empty cache. The
 * figure is the ratio of the fastest runs: what else the machine does only ever adds time.
 *
 * Beside it stands what the machine itself gains: the same network trained in so many plain processes at the same time, with one
 * core each, nothing started or stored. And what else the machine did in the fastest runs, in cores.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Contender } from './contender.js';
import { latheContenders } from './contenders.js';
import { scratchFolder } from './scratch-folder.js';
import { DIGITS_LAYERS } from './subjects.js';

const { values: options } = parseArgs({
  options: {
    subjects: { type: 'string', default: 'mlp,conv' },
    cells: { type: 'string', default: '6' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    rounds: { type: 'string', default: '5' },
    epochs: { type: 'string', default: '120' },
    threads: { type: 'string' },
  },
});
const LATHE = resolve('dist/bin/lathe.cjs');
/** Steps of plain processes: some 0.4 s. */
const BURST = { mlp: 2400, conv: 200 } as const;
/** Of Linux, towards programs. */
const TICKS_PER_S = 100;

interface Run {
  readonly seconds: number;
  /** Cores that other programs kept busy meanwhile; NaN where the system does not tell. */
  readonly others: number;
}

const folder = scratchFolder('sweep-bench');
const rows: string[][] = [];
for (const subject of options.subjects.split(',') as (keyof typeof DIGITS_LAYERS)[]) {
  const recipe = join(folder, `${subject}.yaml`);
  writeFileSync(recipe, recipeOf(subject));
  const plain = latheContenders({ subject: `digits-${subject}`, cores: Array(Number(options.jobs)).fill('1') });
  const runs = new Map([options.jobs, '1'].map((jobs) => [jobs, [] as Run[]]));
  const bursts: Bursts = { alone: [], together: [] };
  try {
    await Promise.all(plain.map((it) => it.ready()));
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [jobs, times] of runs) times.push(timeOf(recipe, jobs));
      await compare(plain, subject, bursts);
    }
  } finally {
    for (const it of plain) it.stop();
  }
  const [many, one] = [fastest(runs.get(options.jobs)!), fastest(runs.get('1')!)];
  const ceiling = (plain.length * Math.min(...bursts.alone)) / Math.min(...bursts.together);
  rows.push([
    ...[subject, many.seconds.toFixed(2), one.seconds.toFixed(2), (one.seconds / many.seconds).toFixed(2)],
    ...[ceiling.toFixed(2), `${many.others.toFixed(2)} and ${one.others.toFixed(2)}`],
  ]);
}
const head = [
  'cells',
  `--jobs ${options.jobs}, s`,
  '--jobs 1, s',
  'ratio',
  'of plain processes',
  'other programs, cores',
];
for (const row of [head, head.map(() => '---'), ...rows]) process.stdout.write(`| ${row.join(' | ')} |\n`);

function recipeOf(subject: keyof typeof DIGITS_LAYERS): string {
  const runs = Array.from({ length: Number(options.cells) }, (_, index) => index + 1);
  // Fewer epochs of the larger network, so that both take about as long.
  const epochs = subject === 'conv' ? Math.ceil(Number(options.epochs) / 12) : Number(options.epochs);
  const runtime = options.threads === undefined ? '' : `runtime: { threads: ${options.threads} }\n`;
  return `version: 1
${runtime}data: { digits: { uses: digits } }
networks: { it: { layers: ${JSON.stringify(DIGITS_LAYERS[subject])} } }
stages:
  - id: trained
    uses: train
    matrix: { run: [${runs.join(', ')}] }
    with: { network: it, data: digits, epochs: ${epochs}, batch: 64, optimizer: { sgd: { lr: 0.05 } } }
`;
}

function timeOf(recipe: string, jobs: string): Run {
  const cache = join(folder, 'cache');
  rmSync(cache, { recursive: true, force: true });
  const busyBefore = [machineSeconds(), childSeconds()] as const;
  const startedAt = performance.now();
  const { status, stderr }: SpawnSyncReturns<string> = spawnSync(
    process.execPath,
    [LATHE, 'run', recipe, '--jobs', jobs, '--cache-dir', cache, '--no-lock', '--log-level', 'silent'],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`lathe run --jobs ${jobs} failed:\n${stderr}`);
  const seconds = (performance.now() - startedAt) / 1000;
  const others = machineSeconds() - busyBefore[0] - (childSeconds() - busyBefore[1]);
  return { seconds, others: Math.max(0, others / seconds) };
}

function fastest(runs: readonly Run[]): Run {
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best));
}

interface Bursts {
  /** Milliseconds of a step of one process. */
  readonly alone: number[];
  /** The same while all are at work. */
  readonly together: number[];
}

async function compare(plain: readonly Contender[], subject: keyof typeof DIGITS_LAYERS, { alone, together }: Bursts) {
  const steps = BURST[subject];
  alone.push(await plain[0]!.burst(steps));
  const times = await Promise.all(plain.map((it) => it.burst(steps)));
  together.push(times.reduce((sum, ms) => sum + ms, 0) / times.length);
}

/** Seconds that all processes together have kept cores busy since the machine started. */
function machineSeconds(): number {
  if (process.platform !== 'linux') return Number.NaN;
  const [user = 0, nice = 0, system = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system) / TICKS_PER_S;
}

/** The same of this process's children and theirs, of those that have ended. */
function childSeconds(): number {
  if (process.platform !== 'linux') return Number.NaN;
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_S;
}
