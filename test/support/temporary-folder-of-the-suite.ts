import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Gives all tests one folder as the system's temporary folder, and removes it at the end: what a test leaves there, or one that is killed, or a
 * package that a test uses, does not outlive the run.
 */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-tests-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // The processes that tests run in inherit it.
  process.env.TMPDIR = folder;
  process.on('exit', remove);
  return remove;
}
