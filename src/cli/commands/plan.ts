import { resolve } from 'node:path';
import type { ActionRecord } from '../../artifacts/action-record.js';
import { Store } from '../../artifacts/store.js';
import { canonicalJson, type Json } from '../../core/canonical-json.js';
import type { Cell, Plan, Source } from '../../plan/plan.js';
import { alignColumns } from '../../report/columns.js';
import { runtimeFacts } from '../../run/runtime-facts.js';
import { EXIT } from '../exit-code.js';
import { keyFunction } from '../keys.js';
import { preparePlan } from '../prepare.js';
import type { Environment } from '../program.js';
import type { Terminal } from '../terminal.js';

export interface PlanCommandOptions {
  readonly recipe: string;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly cacheDir: string;
}

/** `lathe plan`: what `lathe run` would do. Writes nothing. */
export async function planCommand(options: PlanCommandOptions, terminal: Terminal, env: Environment): Promise<number> {
  const plan = await preparePlan(options.recipe, options.set, env);
  const forecast = await forecastOf(plan, new Store(resolve(options.cacheDir)));
  terminal.out(options.json ? JSON.stringify(forecast, null, 2) : planText(forecast, terminal));
  return EXIT.ok;
}

interface CellForecast {
  readonly cell: string;
  readonly uses: string;
  /** 'unknown' if it depends on what a stage that has yet to run will make. */
  readonly cache: 'hit' | 'miss' | 'unknown';
  readonly key: string | null;
  readonly inputs: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, Json>>;
}

async function forecastOf(plan: Plan, store: Store): Promise<CellForecast[]> {
  const keyOf = keyFunction(runtimeFacts());
  const digests = new Map<string, string>();
  const forecasts: CellForecast[] = [];
  for (const cell of plan.cells) {
    const inputs = Object.entries(cell.inputs).map(
      ([slot, source]) => [slot, digestOfSource(source, digests)] as const,
    );
    const isKnown = inputs.every(([, digest]) => digest !== undefined);
    const key = isKnown ? keyOf(cell, Object.fromEntries(inputs) as Record<string, string>).key : null;
    const record = key === null ? null : await store.peek(key);
    if (record !== null) noteOutputs(cell, record, digests);
    forecasts.push({
      cell: cell.id,
      uses: cell.uses,
      cache: key === null ? 'unknown' : record === null ? 'miss' : 'hit',
      key,
      inputs: Object.fromEntries(Object.entries(cell.inputs).map(([slot, source]) => [slot, nameOfSource(source)])),
      options: cell.options,
    });
  }
  return forecasts;
}

function digestOfSource(source: Source, digests: ReadonlyMap<string, string>): string | undefined {
  return source.kind === 'file' ? source.digest : digests.get(`${source.cell}.${source.slot}`);
}

function nameOfSource(source: Source): string {
  if (source.kind === 'file') return source.file;
  return source.slot === 'model' ? source.cell : `${source.cell}.${source.slot}`;
}

/** An output that passes an input on has that input's digest. */
function noteOutputs(cell: Cell, record: ActionRecord, digests: Map<string, string>): void {
  for (const [slot, spec] of Object.entries(cell.definition.outputs)) {
    const source = spec === 'model' ? undefined : cell.inputs[spec.same];
    const digest = spec === 'model' ? record.outputs[slot]?.digest : source && digestOfSource(source, digests);
    if (digest !== undefined) digests.set(`${cell.id}.${slot}`, digest);
  }
}

function planText(forecasts: readonly CellForecast[], { paint }: Terminal): string {
  const rows = forecasts.map(({ cell, uses, cache, inputs, options }) => [
    WORDS[cache],
    cell,
    uses,
    Object.entries(inputs)
      .map(([slot, name]) => (slot === 'model' ? name : `${slot.replace(/^option:/, '')}: ${name}`))
      .join(', ') || '–',
    optionsText(options),
  ]);
  const [head, ...lines] = alignColumns(
    [['', 'stage', 'uses', 'from', 'options'], ...rows],
    ['left', 'left', 'left', 'left', 'left'],
  );
  const hits = forecasts.filter((each) => each.cache === 'hit').length;
  const unknown = forecasts.filter((each) => each.cache === 'unknown').length;
  const total = `${forecasts.length} stages: ${hits} cached, ${forecasts.length - hits - unknown} to compute`;
  const open = unknown === 0 ? '.' : `, ${unknown} depending on what those make.`;
  return [paint.bold(head!), ...lines, '', total + open].join('\n');
}

const WORDS = { hit: 'cached', miss: 'run', unknown: 'run?' } as const;

function optionsText(options: Readonly<Record<string, Json>>): string {
  const text = Object.entries(options)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : canonicalJson(value)}`)
    .join(' ');
  return text.length <= OPTIONS_WIDTH ? text : `${text.slice(0, OPTIONS_WIDTH - 1)}…`;
}

const OPTIONS_WIDTH = 72;
