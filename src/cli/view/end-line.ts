import type { StageRecord } from '../../artifacts/run-record.js';
import { formatDuration } from '../../report/units.js';
import { FOUND_REMOTELY } from '../../run/remote-tier.js';

/** How a stage ended, in a few words: "ran in 12.3 s, accuracy 0.972", "cached", "skipped: needs pruned, which failed". */
export function endLine(record: StageRecord): string {
  switch (record.status) {
    case 'ran':
      return [`ran in ${formatDuration(record.durationMs)}`, ...headlines(record)].join(', ');
    case 'cached':
      return [record.why === FOUND_REMOTELY ? record.why : 'cached', ...headlines(record)].join(', ');
    case 'failed':
      return `failed: ${record.error?.message ?? record.why}`;
    case 'skipped':
      return `skipped: ${record.why}`;
    case 'cancelled':
      return `cancelled: ${record.why}`;
  }
}

function headlines({ metrics }: StageRecord): string[] {
  return HEADLINE_METRICS.flatMap((name) => {
    const value = metrics[name];
    return typeof value === 'number' ? [`${name} ${Number(value.toPrecision(4))}`] : [];
  });
}

const HEADLINE_METRICS = ['accuracy', 'loss', 'sparsity'];
