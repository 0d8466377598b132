import type { ErrorRecord } from '../artifacts/run-record.js';
import { type ErrorClass, isUserError, type Place } from '../core/errors.js';
import { formatPlace } from '../core/format-error.js';
import { withCauses } from './messages.js';

/** An error of a run, with what the record says of it. */
export interface Failure {
  /** Null: it belongs to the run, not to one stage. */
  readonly cell: string | null;
  readonly error: Error;
}

/** @param place where the stage stands in the recipe, for an error that knows no place of its own */
export function toError(thrown: unknown, place?: Place): Error {
  const error = thrown instanceof Error || isUserError(thrown) ? (thrown as Error) : new Error(String(thrown));
  if (!isUserError(error) || place === undefined || error.place !== undefined) return error;
  const placed = error.at(place);
  if (error.stack !== undefined) placed.stack = error.stack;
  return placed;
}

export function errorRecordOf(error: Error): ErrorRecord {
  if (isUserError(error)) {
    return {
      code: error.code,
      class: classOf(error),
      message: error.problem,
      fix: error.fix,
      place: error.place === undefined ? null : formatPlace(error.place).replace(/:$/, ''),
      stack: withCauses(error),
    };
  }
  return { code: 'INTERNAL', class: 'stage', message: error.message, fix: '', place: null, stack: withCauses(error) };
}

/** A stage's error that does not say its class is the stage's failure. */
export function classOf(error: Error): ErrorClass {
  return (isUserError(error) ? error.class : undefined) ?? 'stage';
}
