import { isUserError, type Place, UserError, UserErrors } from './errors.js';
import type { Mask } from './mask.js';

/** The error with `***` in the place of every secret, in its stack and place, too. What is no error comes back as it is. */
export function maskError(error: unknown, mask: Mask): unknown {
  if (mask.longest === 0) return error;
  if (error instanceof UserErrors) return new UserErrors(error.errors.map((each) => maskUserError(each, mask)));
  if (isUserError(error)) return maskUserError(error, mask);
  if (!(error instanceof Error)) return typeof error === 'string' ? mask.text(error) : error;
  const masked = new Error(mask.text(error.message), causeOf(error, mask));
  masked.name = error.name;
  return withStack(masked, error, mask);
}

function maskUserError(error: UserError, mask: Mask): UserError {
  const { code, problem, fix, place, option } = error;
  const masked = new UserError(mask.text(code), mask.text(problem), mask.text(fix), {
    ...(place === undefined ? {} : { place: maskPlace(place, mask) }),
    ...(error.class === undefined ? {} : { class: error.class }),
    ...(option === undefined ? {} : { option }),
    ...causeOf(error, mask),
  });
  return withStack(masked, error, mask);
}

function causeOf({ cause }: { readonly cause?: unknown }, mask: Mask): { readonly cause?: unknown } {
  return cause === undefined ? {} : { cause: maskError(cause, mask) };
}

function withStack<T extends Error>(masked: T, { stack }: { readonly stack?: string }, mask: Mask): T {
  if (stack !== undefined) masked.stack = mask.text(stack);
  return masked;
}

/** A place in a file stays: it is where the user has written something. */
function maskPlace(place: Place, mask: Mask): Place {
  if (place.kind !== 'graph') return place;
  const { kind, ...names } = place;
  return { kind, ...mask.json(names) };
}
