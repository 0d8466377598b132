import { UserError } from '../../core/errors.js';
import { nearest } from '../../core/nearest.js';
import type { OptionsSchema } from '../../core/schema.js';
import type { ObserverDefinition } from '../../plugin/observer.js';
import type { StageDefinition } from '../../plugin/stage.js';
import { alignColumns } from '../../report/columns.js';
import { EXIT } from '../exit-code.js';
import { listOptions } from '../option-list.js';
import { registriesFor } from '../prepare.js';
import type { Environment } from '../program.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';

export interface PluginsCommandOptions extends TrustOptions {
  readonly name: string | null;
  readonly recipe?: string;
}

/** `lathe plugins`: what a recipe may use. */
export async function pluginsCommand(
  options: PluginsCommandOptions,
  terminal: Terminal,
  env: Environment,
): Promise<number> {
  const { name } = options;
  const { stages, datasets, networks, observers } = await registriesFor(options, { terminal, env });
  const groups: readonly Group[] = [
    { title: 'Stages', usage: 'stages: - uses: …', entries: stages.list() },
    { title: 'Data sets', usage: 'data: … uses: …', entries: datasets.list() },
    { title: 'Networks', usage: 'networks: … uses: …', entries: networks.list() },
  ];
  const watching = observers.length === 0 ? [] : [observerLine(observers, terminal)];
  if (name === null) terminal.out([...groups.map((group) => overview(group, terminal)), ...watching].join('\n\n'));
  else terminal.out(details(name, groups, terminal));
  return EXIT.ok;
}

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly options: OptionsSchema;
}

interface Group {
  readonly title: string;
  readonly usage: string;
  readonly entries: readonly Entry[];
}

function overview({ title, usage, entries }: Group, { paint }: Terminal): string {
  const rows = entries.map((entry) => [`  ${entry.name}`, entry.summary]);
  const lines = rows.length === 0 ? [] : alignColumns(rows, ['left', 'left']);
  return [`${paint.bold(title)} ${paint.dim(`(${usage})`)}`, ...lines].join('\n');
}

function observerLine(observers: readonly ObserverDefinition[], { paint }: Terminal): string {
  return [paint.bold('Observers'), ...observers.map((observer) => `  ${observer.name}`)].join('\n');
}

function details(name: string, groups: readonly Group[], { paint }: Terminal): string {
  const found = groups.flatMap((group) => group.entries.filter((entry) => entry.name === name));
  if (found.length === 0) {
    const known = groups.flatMap((group) => group.entries.map((entry) => entry.name));
    const match = nearest(name, known);
    throw new UserError(
      'CLI_UNKNOWN_PLUGIN',
      `There is no stage, data set or network named "${name}".`,
      match === undefined ? '`lathe plugins` lists them.' : `Did you mean "${match}"?`,
      { class: 'usage' },
    );
  }
  return found
    .map((entry) => {
      const options = listOptions(entry.options);
      const lines = options.flatMap(({ name, type, fallback, description }) => [
        `  ${paint.bold(name)}  ${type}${fallback === null ? '' : `, default ${fallback}`}`,
        ...(description === '' ? [] : [`      ${description}`]),
      ]);
      const slots = isStage(entry) ? stageLines(entry) : [];
      return [
        paint.bold(entry.name),
        entry.summary,
        ...slots,
        '',
        options.length === 0 ? 'No options.' : 'Options:',
        ...lines,
      ].join('\n');
    })
    .join('\n\n');
}

function isStage(entry: Entry): entry is StageDefinition {
  return 'inputs' in entry;
}

function stageLines(stage: StageDefinition): string[] {
  const slots = Object.entries(stage.inputs).map(([slot, spec]) => (spec === 'model' ? slot : `${slot} (optional)`));
  const inputs = stage.collects === true ? [...slots, 'the cells under collect'] : slots;
  const outputs = Object.entries(stage.outputs).map(([slot, spec]) =>
    spec === 'model'
      ? slot
      : `${slot} (${'chosen' in spec ? 'one of those collected' : `the ${spec.same} it was given`})`,
  );
  const metrics = Object.keys(stage.metrics);
  return [
    `Inputs: ${inputs.join(', ') || 'none'}. Outputs: ${outputs.join(', ') || 'none'}.`,
    ...(metrics.length === 0 ? [] : [`Metrics: ${metrics.join(', ')}.`]),
  ];
}
