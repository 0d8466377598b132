import { pastRuns } from '../../artifacts/past-runs.js';
import { historyOf, historyRows } from '../../report/history.js';
import { formatRows } from '../../report/rows.js';
import { EXIT } from '../exit-code.js';
import { runsFolder } from '../places.js';
import type { Terminal } from '../terminal.js';

export interface HistoryCommandOptions {
  readonly limit: number;
  readonly json: boolean;
}

/** `lathe history`: the runs of this folder, the latest first. */
export async function historyCommand({ limit, json }: HistoryCommandOptions, terminal: Terminal): Promise<number> {
  const entries = historyOf(await pastRuns(runsFolder(), limit));
  if (json) terminal.out(JSON.stringify(entries, null, 2));
  else if (entries.length === 0) terminal.out('No recipe was run in this folder.');
  else terminal.out(formatRows(historyRows(entries), 'text', terminal.paint));
  return EXIT.ok;
}
