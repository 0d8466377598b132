import { UserError } from '../../core/errors.js';
import { didYouMeanOrKnown } from '../../core/json-schema/problems.js';
import type { CellForecast } from '../../plan/forecast.js';
import { whyText } from '../../plan/forecast.js';
import type { Plan } from '../../plan/plan.js';
import type { PastKey } from '../../plan/why.js';
import { EXIT } from '../exit-code.js';
import { forecast } from '../forecast.js';
import { preparePlan } from '../prepare.js';
import type { Environment } from '../program.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';

export interface ExplainCommandOptions extends TrustOptions {
  readonly stage: string;
  readonly recipe: string;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly cacheDir: string;
}

/** `lathe explain`: what changed since the nearest earlier result of a stage. Writes nothing. Throws PLAN_SELECTION. */
export async function explainCommand(
  options: ExplainCommandOptions,
  terminal: Terminal,
  env: Environment,
): Promise<number> {
  if (isRecipeFile(options.stage)) {
    const stage = isRecipeFile(options.recipe) ? '<stage>' : options.recipe;
    const fix = `The stage comes first: lathe explain ${stage} ${options.stage}.`;
    throw new UserError('PLAN_SELECTION', `"${options.stage}" is no stage.`, fix, { class: 'usage' });
  }
  const plan = await preparePlan(options, { terminal, env });
  const named = cellsNamed(plan, options.stage);
  const { cells, memory } = await forecast(plan, options.cacheDir);
  const asked = cells.filter(({ cell }) => named.has(cell.id));
  if (options.json) {
    terminal.out(JSON.stringify(asked.map(jsonOf), null, 2));
    return EXIT.ok;
  }
  const blocks: string[] = [];
  for (const each of asked) {
    blocks.push(explanation(each, cells, await memory.keysOf(each.cell.id), terminal));
  }
  terminal.out(blocks.join('\n\n'));
  return EXIT.ok;
}

/** All cells of a stage without those that measure it, or the one cell of that id. */
function cellsNamed(plan: Plan, name: string): ReadonlySet<string> {
  const exact = plan.cells.filter(({ id }) => id === name);
  const found = exact.length > 0 ? exact : plan.cells.filter(({ stage, isMeasure }) => stage === name && !isMeasure);
  if (found.length > 0) return new Set(found.map(({ id }) => id));
  const known = [...new Set(plan.cells.flatMap(({ id, stage }) => [stage, id]))];
  throw new UserError('PLAN_SELECTION', `There is no stage "${name}".`, didYouMeanOrKnown(name, known, ''), {
    class: 'usage',
  });
}

function jsonOf(forecast: CellForecast): object {
  const { cell, cache, key, waitsFor, reason } = forecast;
  const changes = (reason?.changes ?? []).map(({ path, before, after, text }) => ({
    path,
    before: before ?? null,
    after: after ?? null,
    text,
  }));
  const comparedWith = reason?.comparedWith ?? null;
  return { cell: cell.id, uses: cell.uses, cache, key, why: whyText(forecast), changes, waitsFor, comparedWith };
}

function explanation(
  { cell, cache, record, reason, waitsFor, key }: CellForecast,
  all: readonly CellForecast[],
  past: readonly PastKey[],
  { paint }: Terminal,
): string {
  const title = `${paint.bold(cell.id)} (${cell.uses})`;
  if (reason === null) {
    const since =
      past[0]?.key === key ? `nothing changed since the last run, ${past[0]?.run}` : 'an earlier result fits';
    return `${title} is cached: ${since}\n  ${paint.dim(`computed ${record?.createdAt}`)}`;
  }
  const lines = reason.changes.map(({ text }) => `  ${text}`);
  if (reason.comparedWith === null && cache === 'miss') lines.push(`  ${reason.text}`);
  for (const id of waitsFor) {
    const upstream = all.find((each) => each.cell.id === id);
    const why = upstream === undefined ? '' : `: ${whyText(upstream)}`;
    lines.push(`  ${id} must run first${why}`);
  }
  const { comparedWith } = reason;
  if (comparedWith !== null && reason.changes.length > 0) {
    const source = comparedWith.run === null ? 'the nearest result in the cache' : `the run ${comparedWith.run}`;
    lines.push(paint.dim(`  compared with ${source}, computed ${comparedWith.createdAt}`));
  }
  return [`${title} ${cache === 'miss' ? 'would run' : 'may run'}:`, ...lines].join('\n');
}

function isRecipeFile(argument: string): boolean {
  return /\.ya?ml$/.test(argument);
}
