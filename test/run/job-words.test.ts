import { expect, test } from 'vitest';
import { maskOf } from '../../src/core/mask.js';
import type { JobEvent } from '../../src/run/job.js';
import { jobWords } from '../../src/run/job-words.js';

const log = (message: string, details = {}): JobEvent => ({ type: 'log', level: 'info', message, details });

test('what a job tells comes without secrets, and not at any length', () => {
  const told: JobEvent[] = [];
  const tell = jobWords(maskOf(['topsecret']), (event) => told.push(event));
  tell(log('a topsecret', { topsecret: ['topsecret'] }));
  tell({ type: 'progress', fraction: 0.5, values: { topsecret: 1 } });
  tell(log('x'.repeat(100_000), { much: 'y'.repeat(100_000) }));
  expect(told[0]).toEqual(log('a ***', { '***': ['***'] }));
  expect(told[1]).toEqual({ type: 'progress', fraction: 0.5, values: { '***': 1 } });
  expect(told[2]).toEqual(log(`${'x'.repeat(16_384)} …`, { details: 'too long' }));
});

test('a job that never stops talking is heard for a while', () => {
  const told: JobEvent[] = [];
  const tell = jobWords(maskOf([]), (event) => told.push(event));
  for (let i = 0; i < 3000; i++) tell(log('x'.repeat(10_000)));
  expect(told.length).toBeLessThan(1602);
  expect(told.at(-1)).toMatchObject({ level: 'warn', message: 'says too much: the rest is left out of the log' });
  tell({ type: 'progress', fraction: 1, values: {} });
  expect(told.at(-1)).toMatchObject({ type: 'progress' });
});
