import { systemCode } from '../artifacts/storage-error.js';
import { type ErrorClass, isUserError, UserError, UserErrors } from '../core/errors.js';
import { formatUserError } from '../core/format-error.js';
import { withCauses } from '../run/messages.js';
import { EXIT, exitCodeOfClass } from './exit-code.js';
import type { Terminal } from './terminal.js';

/**
 * Tells a person what went wrong: mistakes with place, source line and fix; a bug of ours with how to report it.
 * @param showsStacks also where in the code it happened (--log-level debug)
 */
export function showError(terminal: Terminal, error: unknown, showsStacks: boolean): void {
  const isMistake = error instanceof UserErrors || isUserError(error);
  terminal.err(isMistake ? formatUserError(error, { folder: currentFolder() }) : bugText(error));
  if (showsStacks && error instanceof Error) terminal.err(terminal.paint.dim(withCauses(error)));
}

/** If an error is that the current folder was removed, the UserError for it. */
export function folderGone(error: unknown): UserError | undefined {
  if (systemCode(error) !== 'ENOENT' || (error as NodeJS.ErrnoException).syscall !== 'uv_cwd') return undefined;
  return new UserError(
    'CLI_FOLDER_GONE',
    'The folder in which lathe was called is not there any more.',
    'Go to one that is; if it was made again, enter it again.',
    { cause: error, class: 'infrastructure' },
  );
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

/** The exit code of an error that ended a command. */
export function exitCodeOfError(error: unknown): number {
  const classes =
    error instanceof UserErrors ? error.errors.map(classOf) : [isUserError(error) ? classOf(error) : null];
  if (classes.includes(null)) return EXIT.stage;
  if (classes.includes('infrastructure')) return EXIT.infrastructure;
  return exitCodeOfClass(classes[0] ?? 'usage');
}

/** Before anything runs, a mistake is one of usage unless it says otherwise. */
function classOf(error: { readonly class: ErrorClass | undefined }): ErrorClass {
  return error.class ?? 'usage';
}

function bugText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${message.startsWith('internal:') ? message : `internal: ${message}`}
This is a bug of Lathe. Run the command again with --log-level debug and report its output, please.`;
}
