import { isUserError, UserError } from '../../core/errors.js';

/** An error on its way out of a worker; structured cloning would keep the text of a UserError only. */
export interface ErrorMessage {
  readonly user: { readonly code: string; readonly problem: string; readonly fix: string } | null;
  readonly message: string;
  readonly stack: string | undefined;
}

export function packError(error: unknown): ErrorMessage {
  const user = isUserError(error) ? { code: error.code, problem: error.problem, fix: error.fix } : null;
  if (error instanceof Error) return { user, message: error.message, stack: error.stack };
  return { user, message: String(error), stack: undefined };
}

export function unpackError({ user, message, stack }: ErrorMessage): Error {
  if (user !== null) return new UserError(user.code, user.problem, user.fix, { class: 'stage' });
  return Object.assign(new Error(message), stack === undefined ? {} : { stack });
}
