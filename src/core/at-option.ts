import { isUserError } from './errors.js';
import type { Path } from './path.js';

/**
 * The result of `work`. A UserError that it throws, now or as a promise, points at an option, for instance
 * `atOption('select', …)`, or at what it names inside that option's value.
 */
export function atOption<T>(option: string | Path, work: () => T): T {
  const rethrow = (error: unknown): never => {
    throw isUserError(error) ? error.with({ option: [option, error.option ?? []].flat() }) : error;
  };
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(rethrow) as T) : result;
  } catch (error) {
    return rethrow(error);
  }
}
