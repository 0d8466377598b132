import { resolve } from 'node:path';
import { openFileMemory } from '../../artifacts/file-memory.js';
import { canonicalJson, type Json } from '../../core/canonical-json.js';
import { labelOfSlot } from '../../plan/collected.js';
import { type CellForecast, whyText } from '../../plan/forecast.js';
import type { Source } from '../../plan/plan.js';
import { alignColumns } from '../../report/columns.js';
import { EXIT } from '../exit-code.js';
import { forecast } from '../forecast.js';
import { preparePlan } from '../prepare.js';
import type { Environment } from '../program.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';

export interface PlanCommandOptions extends TrustOptions {
  readonly recipe: string;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly cacheDir: string;
}

/** `lathe plan`: what `lathe run` would do. Writes nothing. */
export async function planCommand(options: PlanCommandOptions, terminal: Terminal, env: Environment): Promise<number> {
  const files = openFileMemory(resolve(options.cacheDir));
  const plan = await preparePlan(options, { terminal, env, files });
  const { cells } = await forecast(plan, options.cacheDir);
  terminal.out(options.json ? JSON.stringify(cells.map(jsonOf), null, 2) : planText(cells, terminal));
  return EXIT.ok;
}

function jsonOf(forecast: CellForecast): object {
  const { cell, cache, key, waitsFor, reason } = forecast;
  return {
    cell: cell.id,
    uses: cell.uses,
    cache,
    key,
    why: whyText(forecast),
    changes: (reason?.changes ?? []).map(({ text }) => text),
    waitsFor,
    inputs: inputNames(forecast),
    options: cell.options,
  };
}

function inputNames({ cell }: CellForecast): Record<string, string> {
  return Object.fromEntries(Object.entries(cell.inputs).map(([slot, source]) => [slot, nameOfSource(source)]));
}

/** Of collected models only how many there are. */
function inputsText(forecast: CellForecast): string {
  const names = Object.entries(inputNames(forecast)).filter(([slot]) => labelOfSlot(slot) === null);
  const count = Object.keys(forecast.cell.collected ?? {}).length;
  const collected = count === 0 ? [] : [count === 1 ? '1 cell' : `${count} cells`];
  const single = names.map(([slot, name]) => (slot === 'model' ? name : `${slot.replace(/^option:/, '')}: ${name}`));
  return [...single, ...collected].join(', ') || '–';
}

function nameOfSource(source: Source): string {
  if (source.kind === 'file') return source.file;
  return source.slot === 'model' ? source.cell : `${source.cell}.${source.slot}`;
}

function planText(forecasts: readonly CellForecast[], { paint }: Terminal): string {
  const rows = forecasts.map((forecast) => [
    CACHE_WORDS[forecast.cache],
    forecast.cell.id,
    forecast.cell.uses,
    inputsText(forecast),
    optionsText(forecast.cell.options),
    whyText(forecast),
  ]);
  const [head, ...lines] = alignColumns(
    [['', 'stage', 'uses', 'from', 'options', 'why'], ...rows],
    ['left', 'left', 'left', 'left', 'left', 'left'],
  );
  const hits = forecasts.filter((each) => each.cache === 'hit').length;
  const unknown = forecasts.filter((each) => each.cache === 'unknown').length;
  const total = `${forecasts.length} stages: ${hits} cached, ${forecasts.length - hits - unknown} to compute`;
  const open = unknown === 0 ? '.' : `, ${unknown} depending on what those make.`;
  return [paint.bold(head!), ...lines, '', total + open].join('\n');
}

/** How a forecast reads: "run?" may turn out to be cached. */
export const CACHE_WORDS = { hit: 'cached', miss: 'run', unknown: 'run?' } as const;

function optionsText(options: Readonly<Record<string, Json>>): string {
  const text = Object.entries(options)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : canonicalJson(value)}`)
    .join(' ');
  return text.length <= OPTIONS_WIDTH ? text : `${text.slice(0, OPTIONS_WIDTH - 1)}…`;
}

const OPTIONS_WIDTH = 72;
