import { relative, resolve } from 'node:path';
import { verifyCache } from '../../artifacts/verify-cache.js';
import { formatBytes, formatCount } from '../../report/units.js';
import { EXIT } from '../exit-code.js';
import type { Terminal } from '../terminal.js';

/** `lathe cache verify`: reads every byte, and takes out what is damaged. */
export async function cacheVerifyCommand(
  { cacheDir }: { readonly cacheDir: string },
  terminal: Terminal,
): Promise<number> {
  const folder = resolve(cacheDir);
  const { records, models, bytes, damaged, incomplete } = await verifyCache(folder);
  const found = `${formatCount(records)} results, ${formatCount(models)} model files, ${formatBytes(bytes)}`;
  if (damaged.length + incomplete.length === 0) {
    terminal.out(`All is as it was stored: ${found}.`);
    return EXIT.ok;
  }
  for (const path of damaged) terminal.err(`damaged: ${relative(folder, path)}`);
  for (const path of incomplete) terminal.err(`without its model: ${relative(folder, path)}`);
  terminal.out(`Of ${found}, these are in quarantine now; the next run that needs them computes them again.`);
  return EXIT.infrastructure;
}
