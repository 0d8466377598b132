import { Command, CommanderError, Help, InvalidArgumentError, Option } from 'commander';
import { latheVersion } from '../run/runtime-facts.js';
import { EXIT } from './exit-code.js';
import { exitCodeOfError, folderGone, showError } from './show-error.js';
import type { Terminal } from './terminal.js';
import { LOG_LEVELS, type LogLevel } from './view/view.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Runs one command line and returns its exit code. Commands load when they are called, so that each pays for itself only. */
export async function runProgram(argv: readonly string[], terminal: Terminal, env: Environment): Promise<number> {
  let exitCode: number = EXIT.ok;
  let level = 'info' as LogLevel;
  const finish = async (command: Promise<number>) => {
    exitCode = await command;
  };
  const program = buildProgram(terminal, env, finish, (chosen) => {
    level = chosen;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has said what is wrong; help and version end this way, too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const known = folderGone(error) ?? error;
    showError(terminal, known, level === 'debug');
    return exitCodeOfError(known);
  }
}

function buildProgram(
  terminal: Terminal,
  env: Environment,
  finish: (command: Promise<number>) => Promise<void>,
  onLevel: (level: LogLevel) => void,
): Command {
  const program = new Command('lathe')
    .description('Turns a YAML recipe into a small, fast, checked ONNX model.')
    .version(latheVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ optionDescription: describeOption })
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(lathe --help lists the commands)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .addHelpText('after', EXAMPLES);
  const logLevel = () =>
    new Option('--log-level <level>', 'how much to tell; debug also shows stack traces')
      .choices(LOG_LEVELS)
      .default('info');
  const settings = () =>
    new Option('--set <name=value>', 'set a parameter of the recipe (repeatable)').argParser(collect).default([]);
  /** What the recipe of a command may do: see TrustOptions. */
  const trusting = (command: Command) =>
    command
      .addOption(
        new Option('--allow-path <folder>', 'a folder besides its own that the recipe may read and write (repeatable)')
          .argParser(collect)
          .default([]),
      )
      .option('--no-local-plugins', 'refuse a recipe that loads code which does not come with Lathe');
  const format = (fallback: string) =>
    new Option('--format <format>', 'md is for pull requests').choices(['text', 'md', 'csv', 'json']).default(fallback);
  const cacheDir = () =>
    new Option('--cache-dir <folder>', 'where results are kept').argParser(folderName).default('.lathe/cache');

  /** A command whose options include the log level. */
  const add = (nameAndArguments: string, description: string, parent = program) =>
    parent
      .command(nameAndArguments)
      .description(description)
      .showHelpAfterError(
        `(lathe ${parent === program ? '' : `${parent.name()} `}${nameAndArguments.split(' ')[0]} --help lists the options)`,
      )
      .addOption(logLevel())
      .hook('preAction', (_, action) => onLevel(action.opts().logLevel as LogLevel));

  trusting(
    add('run [recipe]', `run a recipe; what the cache holds is not computed again (default recipe: ${DEFAULT_RECIPE})`),
  )
    .addOption(settings())
    .option('--only <stage>', 'run this stage and what it needs (repeatable)', collect, [])
    .option('--from-stage <stage>', 'run this stage, what follows it, and what these need (repeatable)', collect, [])
    .option('--force', 'compute again even if cached; with --only or --from-stage, what these name', false)
    .option('--frozen', 'fail with exit code 4 if the lockfile would change', false)
    .option('--no-lock', 'do not write the lockfile')
    .option('--fail-fast', 'stop everything as soon as one stage fails', false)
    .option('--jobs <count>', 'how many stages may run at a time (default: CPU cores)', positiveInteger)
    .option('--memory <size>', 'what stages that run at a time may take together: 4G (default: 80% of what is free)')
    .option('--json', 'print the run record as JSON, and nothing else, on standard output', false)
    .addOption(cacheDir())
    .option('--remote-cache <url>', 'where else results are looked for: https://…, or s3://bucket/prefix?endpoint=…')
    .option('--no-remote-cache', 'look nowhere else, whatever is configured')
    .option('--remote-write', 'store results in the remote cache as well', false)
    .action(async (recipe: string | undefined, options) => {
      const { runCommand } = await import('./commands/run.js');
      await finish(runCommand({ recipe: recipe ?? DEFAULT_RECIPE, ...options }, terminal, env));
    });

  trusting(add('plan [recipe]', 'show what a run would do, without doing it'))
    .addOption(settings())
    .option('--json', 'print JSON', false)
    .addOption(cacheDir())
    .action(async (recipe: string | undefined, options) => {
      const { planCommand } = await import('./commands/plan.js');
      await finish(planCommand({ recipe: recipe ?? DEFAULT_RECIPE, ...options }, terminal, env));
    });

  trusting(add('status [recipe]', 'show what would run and why, the last run, and whether the lockfile fits'))
    .addOption(settings())
    .option('--json', 'print JSON', false)
    .addOption(cacheDir())
    .action(async (recipe: string | undefined, options) => {
      const { statusCommand } = await import('./commands/status.js');
      await finish(statusCommand({ recipe: recipe ?? DEFAULT_RECIPE, ...options }, terminal, env));
    });

  trusting(add('explain <stage> [recipe]', 'tell what changed since a stage was last computed'))
    .addOption(settings())
    .option('--json', 'print JSON', false)
    .addOption(cacheDir())
    .action(async (stage: string, recipe: string | undefined, options) => {
      const { explainCommand } = await import('./commands/explain.js');
      await finish(explainCommand({ stage, recipe: recipe ?? DEFAULT_RECIPE, ...options }, terminal, env));
    });

  trusting(add('verify [recipe]', 'compute everything anew, apart from the cache, and compare with the lockfile'))
    .option(
      '--tolerance <metric=value>',
      'how far a metric may be off on another machine: 0.01, or 2% (repeatable)',
      collect,
      [],
    )
    .option('--jobs <count>', 'how many stages may run at a time (default: CPU cores)', positiveInteger)
    .option('--memory <size>', 'what stages that run at a time may take together: 4G (default: 80% of what is free)')
    .option('--json', 'print JSON', false)
    .addOption(cacheDir())
    .action(async (recipe: string | undefined, options) => {
      const { verifyCommand } = await import('./commands/verify.js');
      await finish(verifyCommand({ recipe: recipe ?? DEFAULT_RECIPE, ...options }, terminal, env));
    });

  add('history', 'list the runs of this folder, the latest first')
    .option('--limit <count>', 'how many', positiveInteger, 20)
    .option('--json', 'print JSON', false)
    .action(async (options) => {
      const { historyCommand } = await import('./commands/history.js');
      await finish(historyCommand(options, terminal));
    });

  add('diff [runs...]', 'compare two runs (default: the last two), or a lockfile with an earlier one')
    .option('--lock <revision>', "compare the recipe's lockfile with that of a git revision; a..b compares two")
    .option('--recipe <file>', 'whose lockfile', DEFAULT_RECIPE)
    .addOption(format('text'))
    .action(async (runs: string[], options) => {
      const { diffCommand } = await import('./commands/diff.js');
      await finish(diffCommand({ runs, ...options }, terminal));
    });

  add('metrics [run]', 'print what a run measured (default: the last run)')
    .addOption(format('text'))
    .option('--curves <folder>', 'also write the training curves there, as CSV')
    .option('--tensorboard <folder>', 'also write them there for TensorBoard')
    .action(async (run: string | undefined, options) => {
      const { metricsCommand } = await import('./commands/metrics.js');
      await finish(metricsCommand({ run: run ?? 'last', ...options }, terminal));
    });

  add('inspect <model>', 'show what is in an ONNX file: nodes, shapes, parameters, sizes')
    .option('--json', 'print JSON', false)
    .action(async (model: string, options) => {
      const { inspectCommand } = await import('./commands/inspect.js');
      await finish(inspectCommand({ model, ...options }, terminal));
    });

  add('gradcheck <model>', 'compare the gradients of an ONNX file with central differences, node by node')
    .option('--shape <name=sizes>', 'sizes of an input, for instance x=2x3x32x32 (repeatable)', collect, [])
    .option('--include <pattern>', 'check only nodes of this name; * stands for any text (repeatable)', collect, [])
    .option('--op-type <operator>', 'check only nodes of this operator (repeatable)', collect, [])
    .option('--training', 'with batch statistics and dropout, as in training', false)
    .option('--tolerance <error>', 'largest relative error that counts as agreement', positiveNumber, 0.01)
    .option('--probes <count>', 'how many random directions each input of a node is tried in', positiveInteger, 2)
    .option('--seed <number>', 'decides inputs and directions', wholeNumber, 1)
    .option('--json', 'print JSON', false)
    .action(async (model: string, options) => {
      const { gradcheckCommand } = await import('./commands/gradcheck.js');
      await finish(gradcheckCommand({ model, ...options }, terminal));
    });

  add(
    'tune-lowerings <models...>',
    'measure on this machine how training computes convolutions fastest, for the option lowerings',
  )
    .option('--batch <samples>', 'as in the recipe', positiveInteger, 64)
    .option('--shards <count>', 'as in the recipe, if it is set there', positiveInteger)
    .option('--out <file>', 'where the choices go', 'lowerings.json')
    .option('--rounds <count>', 'how often each way is measured', positiveInteger, 7)
    .action(async (models: string[], options) => {
      const { tuneLoweringsCommand } = await import('./commands/tune-lowerings.js');
      await finish(tuneLoweringsCommand({ models, ...options }, terminal));
    });

  trusting(add('plugins [name]', 'list stages, data sets and networks; with a name, its options'))
    .option('--recipe <file>', "include this recipe's own plugins")
    .action(async (name: string | undefined, options) => {
      const { pluginsCommand } = await import('./commands/plugins.js');
      await finish(pluginsCommand({ name: name ?? null, ...options }, terminal, env));
    });

  trusting(add('schema', 'print the JSON Schema of recipes, for editors'))
    .option('--recipe <file>', "include this recipe's own plugins")
    .option('--write <file>', 'write it to a file')
    .option('--check <file>', 'fail if the file is not up to date')
    .action(async (options) => {
      const { schemaCommand } = await import('./commands/schema.js');
      await finish(schemaCommand(options, terminal, env));
    });

  add('init [folder]', 'write a small recipe that works into an empty folder').action(
    async (folder: string | undefined) => {
      const { initCommand } = await import('./commands/init.js');
      const { calledAs } = await import('./called-as.js');
      await finish(initCommand({ folder: folder ?? '.', calledAs: calledAs(process.argv[1] ?? '', env) }, terminal));
    },
  );

  add('gc', 'remove what no lockfile, none of the last runs and no run that goes on needs from the cache')
    .option('--dry-run', 'only tell what would be removed', false)
    .option('--max-size <size>', 'stop when the cache is no larger, the longest unused go first: 500M, 10G')
    .option('--older-than <time>', 'spare what was used since: 12h, 30d')
    .option('--keep-runs <count>', 'how many last runs of each project are kept', wholeNumber, 10)
    .addOption(cacheDir())
    .action(async (options) => {
      const { gcCommand } = await import('./commands/gc.js');
      await finish(gcCommand(options, terminal));
    });

  const cache = program
    .command('cache')
    .description('tend the cache')
    .showHelpAfterError('(lathe cache --help lists the commands)');
  add('verify', 'read every byte of the cache, and take out what is damaged', cache)
    .addOption(cacheDir())
    .action(async (options) => {
      const { cacheVerifyCommand } = await import('./commands/cache-verify.js');
      await finish(cacheVerifyCommand(options, terminal));
    });
  trusting(add('push [recipe]', 'store what the cache has of a recipe in the remote cache as well', cache))
    .addOption(settings())
    .option('--remote-cache <url>', 'where to: https://host/path or s3://bucket/prefix')
    .addOption(cacheDir())
    .action(async (recipe: string | undefined, options) => {
      const { cachePushCommand } = await import('./commands/cache-push.js');
      await finish(cachePushCommand({ recipe: recipe ?? DEFAULT_RECIPE, ...options }, terminal, env));
    });
  add('keygen', 'make a pair of keys for signing what is stored in a remote cache', cache)
    .option('--out <file>', 'where the private key goes; the public one goes beside it', 'lathe-cache.key')
    .action(async (options) => {
      const { cacheKeygenCommand } = await import('./commands/cache-keygen.js');
      await finish(cacheKeygenCommand(options, terminal));
    });
  return program;
}

const DEFAULT_RECIPE = 'recipe.yaml';

const EXAMPLES = `
Examples:
  lathe init my-model && cd my-model && lathe run
  lathe run recipe.yaml --set epochs=10
  lathe plan recipe.yaml
  lathe inspect dist/model.onnx

Exit codes: 0 done, 1 a stage failed, 2 a mistake in the recipe or the command line, 3 a gate failed,
4 the lockfile would change, 5 the machine or the cache is at fault, 130 interrupted.`;

/** As commander does, without a default that says no more than that nothing is the default. */
function describeOption(this: Help, option: Option): string {
  const isNothing =
    option.defaultValueDescription === undefined &&
    (option.defaultValue === false || (Array.isArray(option.defaultValue) && option.defaultValue.length === 0));
  const shown = isNothing ? Object.assign(Object.create(option) as Option, { defaultValue: undefined }) : option;
  return Help.prototype.optionDescription.call(this, shown);
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function folderName(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must be the name of a folder.');
  return text;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number from 0 on.');
  return value;
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return value;
}
