import { basename } from 'node:path';
import { lockfileName, lockfilePath, readLockfile } from '../../artifacts/lockfile.js';
import { pastRuns } from '../../artifacts/past-runs.js';
import { type CellForecast, whyText } from '../../plan/forecast.js';
import type { Plan } from '../../plan/plan.js';
import { alignColumns } from '../../report/columns.js';
import { type HistoryEntry, historyOf } from '../../report/history.js';
import { runtimeFacts } from '../../run/runtime-facts.js';
import { EXIT } from '../exit-code.js';
import { forecast } from '../forecast.js';
import { planDifferences } from '../lock.js';
import { runsFolder } from '../places.js';
import { CACHE_WORDS } from '../plan-text.js';
import { preparePlan } from '../prepare.js';
import type { Environment } from '../program.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';

export interface StatusCommandOptions extends TrustOptions {
  readonly recipe: string;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly cacheDir: string;
}

interface Status {
  readonly cells: number;
  readonly toRun: readonly CellForecast[];
  /** The last run of this recipe in this folder. */
  readonly lastRun: HistoryEntry | null;
  /** What a run would change in the lockfile, as far as that is known; null if there is none. */
  readonly lockChanges: readonly string[] | null;
}

/** `lathe status`: what would run and why, the last run, and whether the lockfile fits. Reads only, and takes no lock. */
export async function statusCommand(
  options: StatusCommandOptions,
  terminal: Terminal,
  env: Environment,
): Promise<number> {
  const plan = await preparePlan(options, { terminal, env });
  const { cells } = await forecast(plan, options.cacheDir);
  const status: Status = {
    cells: cells.length,
    toRun: cells.filter(({ cache }) => cache !== 'hit'),
    lastRun: await lastRunOf(plan),
    lockChanges: await lockChanges(plan, options),
  };
  terminal.out(options.json ? jsonText(status) : statusText(status, plan, terminal));
  return EXIT.ok;
}

async function lastRunOf({ recipe }: Plan): Promise<HistoryEntry | null> {
  const runs = await pastRuns(runsFolder(), RUNS_LOOKED_AT);
  return historyOf(runs.filter(({ record }) => record?.recipe.file === recipe.file))[0] ?? null;
}

const RUNS_LOOKED_AT = 20;

async function lockChanges(plan: Plan, { cacheDir }: StatusCommandOptions): Promise<readonly string[] | null> {
  const locked = await readLockfile(lockfilePath(plan.recipe.file));
  if (locked === null) return null;
  const differences = await planDifferences(locked, { whole: plan, plan, facts: runtimeFacts(), cacheDir });
  return differences.map(({ text }) => text);
}

function jsonText({ cells, toRun, lastRun, lockChanges }: Status): string {
  const forecasts = toRun.map((each) => ({
    cell: each.cell.id,
    uses: each.cell.uses,
    cache: each.cache,
    why: whyText(each),
  }));
  return JSON.stringify({ cells, toRun: forecasts, lastRun, lockChanges }, null, 2);
}

function statusText({ cells, toRun, lastRun, lockChanges }: Status, { recipe }: Plan, { paint }: Terminal): string {
  const rows = toRun.map((each) => [`  ${CACHE_WORDS[each.cache]}`, each.cell.id, whyText(each)]);
  const last = lastRun === null ? 'never run in this folder' : `last run ${lastRun.id}: ${lastRun.status}`;
  const lockfile = lockfileName(recipe.file);
  const lock =
    lockChanges === null
      ? `${lockfile}: none`
      : lockChanges.length === 0
        ? `${lockfile}: fits`
        : `${lockfile} would change: ${lockChanges[0]}${lockChanges.length === 1 ? '' : `; ${lockChanges.length - 1} more`}`;
  const head =
    toRun.length === 0
      ? `${basename(recipe.file)}: up to date, ${cells} stages cached`
      : `${basename(recipe.file)}: ${toRun.length} of ${cells} stages would run`;
  return [
    paint.bold(head),
    ...(rows.length === 0 ? [] : alignColumns(rows, ['left', 'left', 'left'])),
    last,
    lock,
  ].join('\n');
}
