import { isUserError } from '../../src/core/errors.js';

/** Message, code and option of the UserError that an action ends with. */
export function messageAndOption(action: () => unknown): [string, string, unknown] {
  try {
    action();
  } catch (error) {
    if (isUserError(error)) return [error.message, error.code, error.option];
    throw error;
  }
  throw new Error('nothing was thrown');
}
