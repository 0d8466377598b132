import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findRun } from '../../artifacts/past-runs.js';
import { guarded } from '../../artifacts/storage-error.js';
import { curveFiles, metricRows } from '../../report/metrics-export.js';
import { formatRows, type RowFormat } from '../../report/rows.js';
import { stageFigures } from '../../report/table.js';
import { EXIT } from '../exit-code.js';
import { runsFolder } from '../places.js';
import type { Terminal } from '../terminal.js';

export interface MetricsCommandOptions {
  /** As `findRun` takes it. */
  readonly run: string;
  readonly format: RowFormat | 'json';
  /** A folder that the training curves are written to. */
  readonly curves?: string;
}

/** `lathe metrics`: what a run measured, every number a row; as Markdown, the main ones a row per stage. Throws RUN_REFERENCE. */
export async function metricsCommand(
  { run, format, curves }: MetricsCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const record = await findRun(runsFolder(), run);
  if (format === 'json') {
    const cells = record.stages.map(({ cell, uses, status, metrics }) => [cell, { uses, status, metrics }] as const);
    terminal.out(JSON.stringify({ run: record.id, cells: Object.fromEntries(cells) }, null, 2));
  } else {
    terminal.out(formatRows(format === 'md' ? stageFigures(record) : metricRows(record), format, terminal.paint));
  }
  if (curves !== undefined) {
    const folder = resolve(curves);
    await guarded(folder, async () => {
      await mkdir(folder, { recursive: true });
      for (const [name, text] of curveFiles(record)) await writeFile(join(folder, name), text);
    });
  }
  return EXIT.ok;
}
