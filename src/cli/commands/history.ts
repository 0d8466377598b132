import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  else if (entries.length === 0) terminal.out(nothingText(runsAbove()));
  else terminal.out(formatRows(historyRows(entries), 'text', terminal.paint));
  return EXIT.ok;
}

function nothingText(above: string | undefined): string {
  const nothing = 'No recipe was run in this folder.';
  return above === undefined ? nothing : `${nothing} In ${above} there are runs: call it there.`;
}

/** The nearest folder above this one in which recipes were run. */
function runsAbove(folder = dirname(process.cwd())): string | undefined {
  if (existsSync(join(folder, '.lathe', 'runs'))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : runsAbove(above);
}
