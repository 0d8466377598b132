import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { findRun } from '../../artifacts/past-runs.js';
import { guarded } from '../../artifacts/storage-error.js';
import { curveFiles, metricRows, tensorboardFiles } from '../../report/metrics-export.js';
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
  /** A folder that they are written to as TensorBoard reads them. */
  readonly tensorboard?: string;
}

/** `lathe metrics`: what a run measured, every number a row; as Markdown, the main ones a row per stage. Throws RUN_REFERENCE. */
export async function metricsCommand(
  { run, format, curves, tensorboard }: MetricsCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const record = await findRun(runsFolder(), run);
  if (format === 'json') {
    const cells = record.stages.map(({ cell, uses, status, metrics }) => [cell, { uses, status, metrics }] as const);
    terminal.out(JSON.stringify({ run: record.id, cells: Object.fromEntries(cells) }, null, 2));
  } else {
    terminal.out(formatRows(format === 'md' ? stageFigures(record) : metricRows(record), format, terminal.paint));
  }
  if (curves !== undefined) await writeFiles(curves, curveFiles(record));
  if (tensorboard !== undefined) await writeFiles(tensorboard, tensorboardFiles(record));
  return EXIT.ok;
}

async function writeFiles(into: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  const folder = resolve(into);
  await guarded(folder, async () => {
    await mkdir(folder, { recursive: true });
    for (const [name, content] of files) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  });
}
