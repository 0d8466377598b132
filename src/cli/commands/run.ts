import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { openFileMemory } from '../../artifacts/file-memory.js';
import { enterLive, noteNeeds } from '../../artifacts/needs.js';
import { Store } from '../../artifacts/store.js';
import { type Cell, providersOf } from '../../plan/plan.js';
import { selectCells } from '../../plan/select-cells.js';
import { childEnvironment } from '../../run/child-environment.js';
import type { Listener, RunEvent } from '../../run/events.js';
import { localExecutor } from '../../run/local-executor.js';
import { remoteTier } from '../../run/remote-tier.js';
import { requireProviders } from '../../run/require-providers.js';
import { type RunOptions, type RunOutcome, runPlan } from '../../run/run-plan.js';
import { runtimeFacts } from '../../run/runtime-facts.js';
import { checkAhead } from '../check-ahead.js';
import { childEntry } from '../child-entry.js';
import { exitCodeOfRun } from '../exit-code.js';
import { forcedCells } from '../force.js';
import { type Interrupts, listenForInterrupts } from '../interrupts.js';
import { keyFunction, rememberedKeys } from '../keys.js';
import type { Frozen, FrozenRequest } from '../lock.js';
import { logFile } from '../log-file.js';
import { memoryOption } from '../memory-option.js';
import { runObservers } from '../observers.js';
import { runsFolder } from '../places.js';
import { prepare } from '../prepare.js';
import type { Environment } from '../program.js';
import { recipeMask } from '../recipe-mask.js';
import { configuredRemote, openResults, type RemoteOptions } from '../remote.js';
import { writeRunMetrics } from '../run-metrics.js';
import { showFailures } from '../show-failures.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';
import { chooseView } from '../view/choose.js';
import { isShown, type LogLevel } from '../view/view.js';

export interface RunCommandOptions extends RemoteOptions, TrustOptions {
  readonly recipe: string;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly fromStage: readonly string[];
  readonly force: boolean;
  readonly frozen: boolean;
  /** Whether the lockfile is written. */
  readonly lock: boolean;
  readonly failFast: boolean;
  readonly jobs?: number;
  readonly memory?: string;
  readonly json: boolean;
  readonly logLevel: LogLevel;
  readonly cacheDir: string;
}

/** `lathe run`: returns the exit code. Throws what is wrong before anything runs. */
export async function runCommand(options: RunCommandOptions, terminal: Terminal, env: Environment): Promise<number> {
  const files = openFileMemory(resolve(options.cacheDir));
  const { plan: whole, registries } = await prepare(options, { terminal, env, files });
  await files.save();
  const plan = selectCells(whole, options);
  const forced = forcedCells(plan, options);
  const { recipe } = plan;
  const facts = runtimeFacts();
  const places = { cacheDir: resolve(options.cacheDir), runsDir: runsFolder() };
  const frozen = options.frozen ? await openFrozen({ whole, plan, facts, cacheDir: places.cacheDir }) : null;
  const remoteSettings = await configuredRemote(options, recipe.file, env);
  // What is looked up before the run has a view and a log may warn, too.
  let warn = (message: string) => terminal.err(message);
  const onWarning = (message: string) => warn(message);
  const store = new Store(places.cacheDir, { onWarning });
  const keyOf = rememberedKeys(keyFunction(facts, plan));
  const isForced = (cell: Cell) => forced.has(cell.id);
  const cores = availableParallelism();
  const jobs = options.jobs ?? cores;
  const memory = memoryOption(options.memory);
  const executor = localExecutor({
    childEntry: childEntry(),
    env: childEnvironment(env, [...recipe.env.hash, ...recipe.env.pass]),
    mask: recipeMask(recipe, env),
    spares: jobs,
  });
  let outcome: RunOutcome;
  let interrupts: Interrupts;
  // Processes may wait from here on, which would keep this one alive.
  try {
    const { missing, memoryOf } = await checkAhead({
      plan,
      registries,
      store,
      keyOf,
      isForced,
      cacheDir: places.cacheDir,
      env,
      // With a remote cache, it may have them.
      ...(remoteSettings === null && { onMissing: (cells) => executor.prepare?.(cells) }),
    });
    if (providersOf(plan).some((provider) => provider !== 'cpu')) {
      // Behind a stage that is forced, the cache may well have what its result leads to.
      const sure = forced.size === 0 ? missing : missing.filter(({ id }) => forced.has(id));
      await requireProviders(remoteSettings === null ? sure : [], executor);
    }

    const view = await chooseView(terminal, options);
    const log = logFile(options.logLevel);
    const listener: Listener = (event: RunEvent) => {
      log(event);
      view.listener(event);
      observers.listener(event);
    };
    warn = (message) => listener({ type: 'warning', message });
    const observers = await runObservers(registries.observers, { recipe: recipe.file, onWarning });
    interrupts = listenForInterrupts(terminal, () => void executor.close());
    const onNotice = (message: string) => void (isShown('info', options.logLevel) && terminal.err(message));
    const { stop } = interrupts;
    const remote = remoteSettings && (await openResults(remoteSettings, { store, stop, onWarning, onNotice }));
    const live = await enterLive(places.cacheDir);
    let explain: RunOptions['whyMiss'];
    try {
      outcome = await runPlan(plan, {
        store,
        executor,
        runsDir: places.runsDir,
        facts,
        keyOf,
        async whyMiss(cell, key) {
          explain ??= (await import('../miss-explainer.js')).missExplainer({ ...places, store, recipe: recipe.file });
          return explain(cell, key);
        },
        ...(remote && { remote: remoteTier(remote) }),
        jobs,
        cores,
        memory,
        memoryOf,
        failFast: options.failFast,
        isForced,
        stop,
        ...(frozen && { review: frozen.review }),
        listener,
      });
      await remote?.settle();
      await observers.settle();
    } finally {
      await live.leave();
      await view.close();
      interrupts.release();
    }
  } finally {
    await executor.close();
  }
  const keys = outcome.record.stages.flatMap(({ key, status }) =>
    key !== null && (status === 'ran' || status === 'cached') ? key : [],
  );
  await noteNeeds(places.cacheDir, outcome.record.id, { project: process.cwd(), recipe: recipe.file, keys });
  await writeRunMetrics(outcome.folder, outcome.record);
  await showOutcome(outcome, options, terminal);
  // The lockfile tells of the recipe as it is: not of a part of it, nor of other parameters.
  const isWhole = plan.cells.length === whole.cells.length && options.set.length === 0;
  if (options.lock && !options.frozen && isWhole && outcome.record.status === 'succeeded') {
    const { lockRun } = await import('../lock.js');
    await lockRun(plan, outcome.record.stages, facts);
  }
  return exitCodeOfRun(outcome.record, interrupts.signal());
}

async function openFrozen(request: FrozenRequest): Promise<Frozen> {
  const { freeze } = await import('../lock.js');
  return freeze(request);
}

async function showOutcome(
  { record, folder, failures }: RunOutcome,
  options: RunCommandOptions,
  terminal: Terminal,
): Promise<void> {
  showFailures(terminal, failures, options.logLevel === 'debug');
  if (options.json) return terminal.out(JSON.stringify(record, null, 2));
  if (options.logLevel === 'silent') return;
  const { formatTable } = await import('../../report/table.js');
  const { paint } = terminal;
  const log = relative(process.cwd(), join(folder, 'log.jsonl'));
  terminal.out(`\n${formatTable(record, { paint, folder: process.cwd() })}\n${paint.dim(`Log: ${log}`)}`);
}
