import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { sha256 } from '../../src/core/hash.js';

const schema = JSON.parse(readFileSync(new URL('../../schemas/run.schema.json', import.meta.url), 'utf8')) as object;
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false }).compile(schema);
const digest = sha256('x');
const error = { code: 'A', class: 'stage', message: 'm', fix: '', place: 'r.yaml:1:2', stack: null } as const;

const RECORD: RunRecord = {
  schema: 1,
  id: '2026-01-02T03-04-05-abc',
  recipe: { file: '/r.yaml', name: 'r', digest },
  seed: 7,
  status: 'gate-failed',
  startedAt: '2026-01-02T03:04:05.678Z',
  finishedAt: '2026-01-02T03:05:05.000Z',
  runtime: { lathe: '0.1.0', node: 'v20.0.0', onnxruntime: '1.30.0', cpuClass: 'x64-avx2' },
  stages: [
    {
      id: 'a',
      cell: 'a',
      uses: 'train',
      provider: 'cpu',
      status: 'ran',
      key: digest,
      why: 'no result for this key',
      durationMs: 12.5,
      options: { epochs: 2, optimizer: { sgd: { lr: 0.1 } } },
      inputs: {},
      outputs: { model: { digest, bytes: 3, path: '/c/x' } },
      metrics: { accuracy: 0.9, perClass: [1, 2], latencyMs: { p50: 1 } },
      gates: [
        { metric: 'accuracy', op: 'min', limit: 0.95, actual: 0.9, passed: false },
        { metric: 'accuracy', op: 'maxDrop', limit: 0.01, actual: null, passed: false },
      ],
      error: null,
    },
    {
      id: 'b',
      cell: 'b',
      uses: 'prune',
      provider: 'cpu',
      status: 'failed',
      key: null,
      why: '',
      durationMs: 0,
      options: {},
      inputs: { model: digest },
      outputs: {},
      metrics: {},
      gates: [],
      error,
    },
  ],
  exports: [{ name: 'm', from: 'a', path: '/m.onnx', bytes: 3, digest }],
  errors: [error],
};

test('a run record with everything fits its schema', () => {
  expect(validate(RECORD), JSON.stringify(validate.errors)).toBe(true);
});

test('every field of a record is required and known', () => {
  const check = (value: unknown, path: string) => {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) check(item, `${path}/${index}`);
      return;
    }
    if (typeof value !== 'object' || value === null || OPEN.test(path)) return;
    for (const key of Object.keys(value)) {
      check((value as Record<string, unknown>)[key], `${path}/${key}`);
      expect(
        accepts(path, (at) => delete at[key]),
        `${path} without ${key}`,
      ).toBe(false);
    }
    expect(
      accepts(path, (at) => {
        at.unknown = 1;
      }),
      `${path} with an unknown field`,
    ).toBe(false);
  };
  check(RECORD, '');
});

/** Mappings whose keys are names. */
const OPEN = /\/(options|inputs|outputs|metrics)$|\/(options|metrics)\//;

function accepts(path: string, change: (at: Record<string, unknown>) => unknown): boolean {
  const copy = structuredClone(RECORD) as unknown as Record<string, unknown>;
  let at = copy;
  for (const part of path.split('/').slice(1)) at = at[part] as Record<string, unknown>;
  change(at);
  return validate(copy);
}
