import { describe, expect, it } from 'vitest';
import type { RunRecord, StageRecord } from '../../src/artifacts/run-record.js';
import { exitCodeOfRun } from '../../src/cli/exit-code.js';
import { listOptions } from '../../src/cli/option-list.js';
import { endLine } from '../../src/cli/view/end-line.js';
import { logLine } from '../../src/cli/view/log-line.js';
import { progressLine } from '../../src/cli/view/progress-line.js';
import type { ErrorClass } from '../../src/core/errors.js';

describe('a line of progress', () => {
  it('has the share, the values with their rates, and the time that is left', () => {
    const values = { epoch: 2, loss: 0.31234, accuracy: 0.9, imagesPerS: 7012.4 };
    expect(progressLine(0.25, values, 40_000)).toBe(
      '25%  epoch 2  loss 0.3123  accuracy 0.9  7,012 images/s  2m 00s left',
    );
  });

  it('guesses no time before there is something to guess from', () => {
    expect(progressLine(0.01, {}, 20_000)).toBe('1%');
    expect(progressLine(0.5, {}, 100)).toBe('50%');
    expect(progressLine(1, {}, 20_000)).toBe('100%');
  });
});

describe('a line of the log', () => {
  it('has the plain values among the details', () => {
    const details = { loss: 0.123456, split: 'test', layers: ['a', 'b'], none: null };
    expect(logLine('epoch 3', details)).toBe('epoch 3  loss 0.1235  split test');
  });
});

describe('the end of a stage', () => {
  const record = (facts: Partial<StageRecord>) =>
    ({ metrics: {}, durationMs: 12_345, why: '', ...facts }) as StageRecord;
  it.each([
    [{ status: 'ran', metrics: { accuracy: 0.97251, parameters: 4 } }, 'ran in 12.3 s, accuracy 0.9725'],
    [{ status: 'cached' }, 'cached'],
    [{ status: 'cached', why: 'found in the remote cache' }, 'found in the remote cache'],
    [{ status: 'skipped', why: 'needs a, which failed' }, 'skipped: needs a, which failed'],
    [{ status: 'cancelled', why: 'interrupted' }, 'cancelled: interrupted'],
  ] as const)('%j is told as "%s"', (facts, line) => expect(endLine(record(facts))).toBe(line));
});

describe('the exit code of a run', () => {
  const failedBy = (...classes: ErrorClass[]) =>
    ({
      status: 'failed',
      stages: classes.map((each) => ({ error: { class: each } })),
      errors: [],
    }) as unknown as RunRecord;
  const withStatus = (status: RunRecord['status']) => ({ status, stages: [], errors: [] }) as unknown as RunRecord;

  it.each([
    [withStatus('succeeded'), null, 0],
    [failedBy('stage'), null, 1],
    [failedBy('stage', 'usage'), null, 2],
    [withStatus('gate-failed'), null, 3],
    [failedBy('stage', 'infrastructure', 'usage'), null, 5],
    [withStatus('interrupted'), 'SIGINT', 130],
    [withStatus('interrupted'), 'SIGTERM', 143],
  ] as const)('case %#', (record, signal, code) => expect(exitCodeOfRun(record, signal)).toBe(code));
});

describe('the options of a plugin', () => {
  it('are listed with types in words, defaults, and nested ones by their path', () => {
    const lines = listOptions({
      type: 'object',
      required: ['data'],
      properties: {
        data: { type: 'string', 'x-lathe': 'dataset', description: 'Which data.' },
        keep: { type: 'number', exclusiveMinimum: 0, maximum: 1, 'x-unit': 'ratio', default: 0.5 },
        scope: { enum: ['layer', 'global'], default: 'layer' },
        layers: { type: 'array', items: { type: 'string' } },
        optimizer: {
          oneOf: [
            { type: 'object', properties: { sgd: { type: 'object', properties: { lr: { type: 'number' } } } } },
            { type: 'object', properties: { adam: { type: 'object' } } },
          ],
        },
      },
    });
    expect(lines.map(({ name, type, fallback }) => `${name}: ${type} (${fallback})`)).toEqual([
      'data: name under data, required (null)',
      'keep: number > 0 and <= 1 (or as "1%") (0.5)',
      'scope: layer | global ("layer")',
      'layers: list of string (null)',
      'optimizer: object (null)',
      'optimizer.sgd: object (null)',
      'optimizer.sgd.lr: number (null)',
      'optimizer.adam: object (null)',
    ]);
    expect(lines[0]?.description).toBe('Which data.');
  });
});
