import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.js';
import { withRetries } from '../../src/run/retries.js';

const error = (code: string) => new UserError(code, `It is ${code}.`, '');

/** Fails with these errors one after the other, then succeeds. */
function failing(...errors: Error[]) {
  const left = [...errors];
  return async () => {
    const next = left.shift();
    if (next !== undefined) throw next;
    return 'done';
  };
}

describe('a retry', () => {
  it.each(['RUN_CHILD_KILLED', 'RUN_CHILD_START', 'STORAGE_FULL'])('follows %s, as often as allowed', async (code) => {
    const told: string[] = [];
    const onRetry = ({ problem }: UserError, next: number) => void told.push(`${problem} ${next}`);
    expect(await withRetries(3, failing(error(code), error(code)), onRetry)).toBe('done');
    expect(told).toEqual([`It is ${code}. 2`, `It is ${code}. 3`]);
    await expect(withRetries(2, failing(error(code), error(code)), onRetry)).rejects.toMatchObject({ code });
    await expect(withRetries(1, failing(error(code)), onRetry)).rejects.toMatchObject({ code });
  });

  it.each([
    error('TRAIN_DIVERGED'),
    error('RUN_STAGE_THREW'),
    error('RUN_TIMEOUT'),
    error('RUN_CHILD_DIED'),
    error('STORAGE_DENIED'),
    new Error('internal: a bug'),
  ])('does not follow what would come again: %s', async (cause) => {
    await expect(withRetries(3, failing(cause), () => expect.unreachable())).rejects.toBe(cause);
  });
});
