import type { RunRecord } from '../artifacts/run-record.js';
import type { ErrorClass } from '../core/errors.js';

/** Exit codes, see docs/cli.md. */
export const EXIT = {
  ok: 0,
  stage: 1,
  usage: 2,
  gate: 3,
  frozen: 4,
  infrastructure: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export function exitCodeOfClass(errorClass: ErrorClass): number {
  return EXIT[errorClass];
}

/** @param signal what interrupted the run, if anything did */
export function exitCodeOfRun(record: RunRecord, signal: NodeJS.Signals | null): number {
  if (record.status === 'interrupted') return signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
  const classes = new Set(
    [...record.stages.map((stage) => stage.error), ...record.errors].flatMap((error) =>
      error === null ? [] : [error.class],
    ),
  );
  // A broken machine explains the rest; wrong input comes next.
  for (const each of ['infrastructure', 'usage', 'stage', 'frozen'] as const) if (classes.has(each)) return EXIT[each];
  return record.status === 'gate-failed' ? EXIT.gate : EXIT.ok;
}
