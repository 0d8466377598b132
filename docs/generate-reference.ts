/**
 * Writes docs/reference.generated.md from the definitions of the built-in stages, data sets and networks: npx jiti docs/generate-reference.ts
 * test/parity.test.ts fails while the file is out of date.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OptionsSchema } from '../src/core/schema.js';
import type { StageDefinition } from '../src/plugin/stage.js';

const HERE = dirname(fileURLToPath(import.meta.url));

export interface ReferenceSources {
  readonly stages: readonly StageDefinition[];
  readonly datasets: readonly Described[];
  readonly networks: readonly Described[];
}

interface Described {
  readonly name: string;
  readonly summary: string;
  readonly options: OptionsSchema;
}

/** The part of a JSON Schema that the tables show. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly 'x-lathe'?: string;
  readonly 'x-unit'?: string;
}

/** The whole page. */
export function renderReference({ stages, datasets, networks }: ReferenceSources): string {
  return `${[
    '# Reference',
    'Made from the source by `npx jiti docs/generate-reference.ts`; do not edit. `lathe plugins` shows the same for a recipe with its own plugins.',
    '## Stages',
    ...stages.flatMap(renderStage),
    '## Data sets',
    ...datasets.flatMap(renderDescribed),
    '## Networks',
    ...networks.flatMap(renderDescribed),
    '## Operators with a gradient',
    'A network made of these can be trained; others are refused by name before training starts.',
    operators().join(', '),
  ].join('\n\n')}\n`;
}

function renderStage(stage: StageDefinition): string[] {
  const inputs = Object.entries(stage.inputs).map(([slot, spec]) =>
    spec === 'model' ? `\`${slot}\`` : `\`${slot}\` (optional)`,
  );
  const outputs = Object.entries(stage.outputs).map(([slot, spec]) =>
    spec === 'model'
      ? `\`${slot}\``
      : `\`${slot}\` (${'chosen' in spec ? 'one of those collected' : `\`${spec.same}\`, unchanged`})`,
  );
  const metrics = Object.entries(stage.metrics).map(([name, { unit, better, parts }]) => [
    (parts?.map((part) => `${name}.${part}`) ?? [name]).map((each) => `\`${each}\``).join(', '),
    unit,
    better === undefined ? '' : `${better} is better`,
  ]);
  return [
    `### ${stage.name}`,
    stage.summary,
    `Takes: ${[...inputs, ...(stage.collects === true ? ['the cells under `collect`'] : [])].join(', ') || 'no model'}. Gives: ${outputs.join(', ') || 'no model'}.`,
    ...optionTable(stage.options),
    ...(metrics.length === 0 ? [] : [table(['metric', 'unit', ''], metrics)]),
  ];
}

function renderDescribed({ name, summary, options }: Described): string[] {
  return [`### ${name}`, summary, ...optionTable(options)];
}

function optionTable(options: OptionsSchema): string[] {
  const rows = optionRows(options as Schema, '');
  return rows.length === 0 ? [] : [table(['option', 'type', 'default', ''], rows)];
}

/** One row per option; options of an object follow it as `object.option`. */
function optionRows(schema: Schema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const isRequired = schema.required?.includes(name) === true;
    const fallback =
      option.default === undefined ? (isRequired ? 'required' : '') : code(JSON.stringify(option.default));
    const row = [`\`${prefix}${name}\``, describeType(option), fallback, option.description ?? ''];
    const nested = option.items?.properties === undefined ? option : option.items;
    const nestedPrefix = nested === option ? `${prefix}${name}.` : `${prefix}${name}[].`;
    return [row, ...optionRows(nested, nestedPrefix)];
  });
}

function describeType(schema: Schema): string {
  if (schema['x-lathe'] !== undefined) return schema['x-lathe'];
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(', ');
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (schema.type === undefined && alternatives !== undefined) {
    return [...new Set(alternatives.map(describeType))].join(' or ');
  }
  if (schema.type === 'array') return schema.items === undefined ? 'list' : `list of ${describeType(schema.items)}`;
  if (schema['x-unit'] !== undefined) return `number (${schema['x-unit']})`;
  return typeof schema.type === 'string' ? schema.type : (schema.type ?? ['any']).join(' or ');
}

/** Names of the operators, from the files that hold their rules. */
function operators(): string[] {
  return readdirSync(join(HERE, '..', 'src', 'autodiff', 'gradients'))
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((name) => name !== 'index')
    .sort();
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [{ BUILT_IN_STAGES }, { BUILT_IN_DATASETS }, { BUILT_IN_NETWORKS }] = await Promise.all([
    import('../plugins/index.js'),
    import('../src/data/index.js'),
    import('../src/network/index.js'),
  ]);
  writeFileSync(
    join(HERE, 'reference.generated.md'),
    renderReference({ stages: BUILT_IN_STAGES, datasets: BUILT_IN_DATASETS, networks: BUILT_IN_NETWORKS }),
  );
}
