import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { collectGarbage, type Garbage } from '../../artifacts/collect-garbage.js';
import { formatBytes, formatCount } from '../../report/units.js';
import { EXIT } from '../exit-code.js';
import { inUnit } from '../in-unit.js';
import type { Terminal } from '../terminal.js';

export interface GcCommandOptions {
  readonly cacheDir: string;
  readonly dryRun: boolean;
  readonly maxSize?: string;
  readonly olderThan?: string;
  readonly keepRuns: number;
}

/** `lathe gc`: frees what nothing needs any more. Throws CLI_UNIT for a size or a time that is none. */
export async function gcCommand(options: GcCommandOptions, terminal: Terminal): Promise<number> {
  const { maxSize, olderThan, keepRuns, dryRun: isDryRun } = options;
  const maxBytes = maxSize === undefined ? null : inUnit('--max-size', maxSize, 'bytes');
  const olderThanMs = olderThan === undefined ? null : inUnit('--older-than', olderThan, 'duration');
  if (!existsSync(options.cacheDir)) {
    terminal.out(`There is no cache in ${resolve(options.cacheDir)}.`);
    return EXIT.ok;
  }
  const garbage = await collectGarbage(resolve(options.cacheDir), { isDryRun, maxBytes, olderThanMs, keepRuns });
  terminal.out(textOf(garbage, isDryRun));
  if (maxBytes !== null && garbage.keptBytes > maxBytes) {
    terminal.err(
      `Still above ${maxSize}: what is left is needed by a lockfile, one of the last runs, or a run that goes on.`,
    );
  }
  return EXIT.ok;
}

function textOf({ records, models, others, bytes, keptRecords, keptBytes }: Garbage, isDryRun: boolean): string {
  const kept = `${count(keptRecords, 'result')}, ${formatBytes(keptBytes)}`;
  if (records + models + others === 0) return `Nothing to remove. Kept: ${kept}.`;
  const removed = [
    count(records, 'result'),
    count(models, 'model file'),
    ...(others === 0 ? [] : [count(others, 'other file')]),
  ];
  return `${isDryRun ? 'Would remove' : 'Removed'} ${removed.join(', ')}: ${formatBytes(bytes)}. Kept: ${kept}.`;
}

function count(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;
}
