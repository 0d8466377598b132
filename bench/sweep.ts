// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
/**
 * Times a sweep of equal cells with several jobs against one: npm run build && npx jiti bench/sweep.ts [options]
 *
 *   --subjects mlp,conv   --cells 6   --jobs <cores>   --rounds 5   --epochs 120   --threads <cores of a cell at most>
 *
 * A job alone has all cores for itself and trains with several of them where it gains from that, so that one after another uses the
 * machine as well. --threads 1 keeps every cell to one core: what running them in parallel gains by itself. Rounds take turns, each run has an empty cache. The
 * figure is the ratio of the fastest runs: what else the machine does only ever adds time.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

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
const NETWORKS: Readonly<Record<string, string>> = {
  mlp: 'layers: [{ linear: 128 }, relu, { linear: 64 }, relu, { linear: 10 }]',
  conv: 'layers: [{ conv: { filters: 32, kernel: 3 } }, relu, { conv: { filters: 64, kernel: 3 } }, relu, { linear: 10 }]',
};

const folder = mkdtempSync(join(tmpdir(), 'lathe-sweep-bench-'));
try {
  for (const subject of options.subjects.split(',')) {
    const recipe = join(folder, `${subject}.yaml`);
    writeFileSync(recipe, recipeOf(subject));
    const seconds = new Map([options.jobs, '1'].map((jobs) => [jobs, [] as number[]]));
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [jobs, times] of seconds) times.push(timeOf(recipe, jobs));
    }
    const [many, one] = [Math.min(...seconds.get(options.jobs)!), Math.min(...seconds.get('1')!)];
    process.stdout.write(
      `${subject}: ${options.cells} cells, --jobs ${options.jobs} ${many.toFixed(2)} s, --jobs 1 ${one.toFixed(2)} s: ` +
        `${(one / many).toFixed(2)} × as fast; load average ${loadavg()[0]!.toFixed(1)} at the end\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function recipeOf(subject: string): string {
  const runs = Array.from({ length: Number(options.cells) }, (_, index) => index + 1);
  // Fewer epochs of the larger network, so that both take about as long.
  const epochs = subject === 'conv' ? Math.ceil(Number(options.epochs) / 12) : Number(options.epochs);
  const runtime = options.threads === undefined ? '' : `runtime: { threads: ${options.threads} }\n`;
  return `version: 1
${runtime}data: { digits: { uses: digits } }
networks: { it: { ${NETWORKS[subject]} } }
stages:
  - id: trained
    uses: train
    matrix: { run: [${runs.join(', ')}] }
    with: { network: it, data: digits, epochs: ${epochs}, batch: 64, optimizer: { sgd: { lr: 0.05 } } }
`;
}

function timeOf(recipe: string, jobs: string): number {
  const cache = join(folder, 'cache');
  rmSync(cache, { recursive: true, force: true });
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    [LATHE, 'run', recipe, '--jobs', jobs, '--cache-dir', cache, '--no-lock', '--log-level', 'silent'],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`lathe run --jobs ${jobs} failed:\n${stderr}`);
  return (performance.now() - startedAt) / 1000;
}
