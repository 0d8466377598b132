import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord } from '../artifacts/run-record.js';
import { guarded } from '../artifacts/storage-error.js';
import { curveFiles, metricsTsv } from '../report/metrics-export.js';

/** Writes metrics.tsv and curves/<cell>.csv into a run's folder, for programs that draw curves. */
export async function writeRunMetrics(folder: string, record: RunRecord): Promise<void> {
  const curves = curveFiles(record);
  await guarded(folder, async () => {
    await writeFile(join(folder, 'metrics.tsv'), metricsTsv(record));
    if (curves.size === 0) return;
    await mkdir(join(folder, 'curves'), { recursive: true });
    for (const [name, text] of curves) await writeFile(join(folder, 'curves', name), text);
  });
}
