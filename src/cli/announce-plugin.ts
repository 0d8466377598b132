import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import type { Environment } from './program.js';
import type { Terminal } from './terminal.js';

export interface AnnouncedPlugin {
  /** Absolute path. */
  readonly entry: string;
  /** Of its code and of all that this imports: other code is announced again. */
  readonly digest: string;
  readonly recipe: string;
}

/** Says on standard error that a plugin's code is going to run, once for each content, whatever recipe names it. */
export function announcePlugin({ entry, digest, recipe }: AnnouncedPlugin, terminal: Terminal, env: Environment): void {
  const folder = announcedFolder(env);
  const note = join(folder, digest);
  if (existsSync(note)) return;
  const way = relative(process.cwd(), entry);
  terminal.err(
    `${recipe} loads the plugin ${way.startsWith('..') ? entry : way} (SHA-256 ${digest}): code that can do what you can do. ` +
      'This is told once; --no-local-plugins forbids it.',
  );
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(note, `${entry}\n`, { flag: 'wx' });
  } catch {
    // Where nothing can be kept, or another process was faster: it is told again at worst.
  }
}

/** Holds a file for every digest that was told: processes that do so at the same time need no lock. */
export function announcedFolder(env: Environment): string {
  const state = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state');
  return join(state, 'lathe', 'announced-plugins');
}
