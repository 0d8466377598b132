import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LockedRuntime, type Lockfile, lockfileName } from '../../artifacts/lockfile.js';
import { Store } from '../../artifacts/store.js';
import { UserError } from '../../core/errors.js';
import { lockfileOf } from '../../plan/lock.js';
import type { Plan } from '../../plan/plan.js';
import { parseTolerances, type Tolerance } from '../../plan/tolerance.js';
import { compareBits, compareMetrics, hasSameBits, type Verdict } from '../../plan/verify.js';
import { childEnvironment } from '../../run/child-environment.js';
import { localExecutor } from '../../run/local-executor.js';
import { requireProviders } from '../../run/require-providers.js';
import { type RunOutcome, runPlan } from '../../run/run-plan.js';
import { type RuntimeFacts, runtimeFacts } from '../../run/runtime-facts.js';
import { checkAhead } from '../check-ahead.js';
import { childEntry } from '../child-entry.js';
import { EXIT, exitCodeOfRun } from '../exit-code.js';
import { type Interrupts, listenForInterrupts } from '../interrupts.js';
import { keyFunction, rememberedKeys } from '../keys.js';
import { lockedRuntime, planDifferences, requireLockfile } from '../lock.js';
import { memoryOption } from '../memory-option.js';
import { type Prepared, prepare } from '../prepare.js';
import type { Environment } from '../program.js';
import { recipeMask } from '../recipe-mask.js';
import { showFailures } from '../show-failures.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';
import { chooseView } from '../view/choose.js';
import type { LogLevel } from '../view/view.js';

export interface VerifyCommandOptions extends TrustOptions {
  readonly recipe: string;
  readonly tolerance: readonly string[];
  readonly jobs?: number;
  readonly memory?: string;
  readonly json: boolean;
  readonly logLevel: LogLevel;
  readonly cacheDir: string;
}

/**
 * `lathe verify`: computes everything anew in a cache of its own, and compares with the lockfile: bits where the same
 * software runs on the same class of CPU, metrics within tolerances elsewhere. Writes nothing that stays.
 * Throws LOCK_MISSING, and LOCK_STALE if the lockfile is not of the recipe as it is now.
 */
export async function verifyCommand(
  options: VerifyCommandOptions,
  terminal: Terminal,
  env: Environment,
): Promise<number> {
  const prepared = await prepare(options, { terminal, env });
  const { plan } = prepared;
  const facts = runtimeFacts();
  const locked = await requireLockfile(plan, 'usage');
  await refuseStale(plan, locked, facts, options);
  const metrics = [...new Set(Object.values(locked.cells).flatMap((cell) => Object.keys(cell.metrics)))].sort();
  const tolerances = parseTolerances(options.tolerance, metrics);

  const folder = await mkdtemp(join(tmpdir(), 'lathe-verify-'));
  try {
    const { outcome, signal } = await recompute(prepared, { folder, facts, options, terminal, env });
    showFailures(terminal, outcome.failures, options.logLevel === 'debug');
    if (outcome.record.status === 'failed' || outcome.record.status === 'interrupted') {
      return exitCodeOfRun(outcome.record, signal);
    }
    const made = lockfileOf(plan, outcome.record.stages, lockedRuntime(facts, plan));
    return report(compare(plan, locked, made, tolerances), locked, options, terminal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function refuseStale(
  plan: Plan,
  locked: Lockfile,
  facts: RuntimeFacts,
  { cacheDir }: VerifyCommandOptions,
): Promise<void> {
  const differences = await planDifferences(locked, { whole: plan, plan, facts, cacheDir });
  const stale = differences.filter(({ field }) => !field.startsWith('runtime.'));
  if (stale.length === 0) return;
  throw new UserError(
    'LOCK_STALE',
    [
      `${lockfileName(plan.recipe.file)} was not made by the recipe as it is now:`,
      ...stale.map(({ text }) => `  ${text}`),
    ].join('\n'),
    'Run the recipe and look at what changes in the lockfile.',
    { class: 'frozen' },
  );
}

interface Recomputation {
  /** Where everything goes. */
  readonly folder: string;
  readonly facts: RuntimeFacts;
  readonly options: VerifyCommandOptions;
  readonly terminal: Terminal;
  readonly env: Environment;
}

async function recompute(
  { plan, registries }: Prepared,
  { folder, facts, options, terminal, env }: Recomputation,
): Promise<{ readonly outcome: RunOutcome; readonly signal: NodeJS.Signals | null }> {
  const { recipe } = plan;
  const executor = localExecutor({
    childEntry: childEntry(),
    env: childEnvironment(env, [...recipe.env.hash, ...recipe.env.pass]),
    mask: recipeMask(recipe, env),
  });
  await requireProviders(plan.cells, executor);
  const cacheDir = join(folder, 'cache');
  const keyOf = rememberedKeys(keyFunction(facts, plan));
  const isForced = () => false;
  const store = new Store(cacheDir);
  const { memoryOf } = await checkAhead({ plan, registries, store, keyOf, isForced, cacheDir, env });
  const view = await chooseView(terminal, options);
  const interrupts: Interrupts = listenForInterrupts(terminal, () => void executor.close());
  const cores = availableParallelism();
  const onWarning = (message: string) => view.listener({ type: 'warning', message });
  try {
    const outcome = await runPlan(
      { ...plan, exports: [] },
      {
        store: new Store(cacheDir, { onWarning }),
        executor,
        runsDir: join(folder, 'runs'),
        facts,
        keyOf,
        jobs: options.jobs ?? cores,
        cores,
        memory: memoryOption(options.memory),
        memoryOf,
        isForced,
        stop: interrupts.stop,
        listener: view.listener,
      },
    );
    return { outcome, signal: interrupts.signal() };
  } finally {
    await executor.close();
    await view.close();
    interrupts.release();
  }
}

interface Comparison {
  readonly by: 'bits' | 'metrics';
  readonly verdicts: readonly Verdict[];
}

function compare(plan: Plan, locked: Lockfile, made: Lockfile, tolerances: ReadonlyMap<string, Tolerance>): Comparison {
  return hasSameBits(locked.runtime, made.runtime)
    ? { by: 'bits', verdicts: compareBits(locked, made) }
    : { by: 'metrics', verdicts: compareMetrics(plan, locked, made, tolerances) };
}

function reason({ onnxruntime, cpuClass, gpu }: LockedRuntime): string {
  if (gpu !== undefined) return 'a GPU does not promise equal bits';
  return `the lockfile is from onnxruntime ${onnxruntime} on ${cpuClass}`;
}

function report(
  { by, verdicts }: Comparison,
  { runtime }: Lockfile,
  { json }: VerifyCommandOptions,
  { out, paint }: Terminal,
): number {
  const differing = verdicts.filter(({ isSame }) => !isSame);
  if (json) {
    out(JSON.stringify({ by, isSame: differing.length === 0, cells: verdicts }, null, 2));
  } else {
    const width = Math.max(...verdicts.map(({ cell }) => cell.length));
    const same = by === 'bits' ? 'same bits' : 'metrics within tolerances';
    out('');
    for (const { cell, isSame, notes } of verdicts) {
      const line = `${isSame ? '✓' : '✗'} ${cell.padEnd(width)}  ${isSame ? same : notes.join('; ')}`;
      out(isSame ? paint.good(line) : paint.bad(line));
    }
    const basis = by === 'bits' ? '' : `\nMetrics were compared, not bits: ${reason(runtime)}.`;
    const result =
      differing.length === 0
        ? paint.good(`Verified: all ${verdicts.length} cells came out as the lockfile says.`)
        : paint.bad(`${differing.length} of ${verdicts.length} cells came out otherwise than the lockfile says.`);
    out(`${basis}\n${result}`);
  }
  return differing.length === 0 ? EXIT.ok : EXIT.frozen;
}
