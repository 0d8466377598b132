// biome-ignore-all lint/suspicious/noThenProperty: a keyword of JSON Schema
import { expect, test } from 'vitest';
import { complete } from '../../../src/core/json-schema/complete.js';
import { walk } from '../../../src/core/json-schema/walk.js';

const lr = { type: 'number', default: 0.05 } as const;
const schema = {
  type: 'object',
  $defs: { schedule: { type: 'object', properties: { every: { type: 'integer', default: 100 } } } },
  properties: {
    optimizer: {
      default: { sgd: {} },
      oneOf: [
        {
          type: 'object',
          required: ['sgd'],
          additionalProperties: false,
          properties: { sgd: { type: 'object', properties: { lr, file: { type: 'string', 'x-lathe': 'file' } } } },
        },
        {
          type: 'object',
          required: ['adam'],
          additionalProperties: false,
          properties: { adam: { type: 'object', properties: { lr: { type: 'number', default: 0.001 } } } },
        },
      ],
    },
    schedule: { $ref: '#/$defs/schedule' },
    keep: { anyOf: [{ type: 'number', 'x-unit': 'ratio' }, { enum: ['all'] }] },
    list: {
      type: 'array',
      items: {
        type: 'object',
        properties: { timeout: { type: 'number', 'x-unit': 'duration' }, on: { type: 'boolean', default: true } },
      },
    },
    mode: { enum: ['a', 'b'], default: 'a' },
  },
  if: { properties: { mode: { const: 'a' } } },
  then: { properties: { onlyA: { default: 1 } } },
  else: { properties: { onlyB: { default: 2 } } },
};

test('defaults reach into the branch that is taken, references, lists and conditions', () => {
  expect(complete(schema, { optimizer: { adam: {} }, schedule: {}, list: [{ timeout: '2s' }], mode: 'b' })).toEqual({
    optimizer: { adam: { lr: 0.001 } },
    schedule: { every: 100 },
    list: [{ timeout: 2000, on: true }],
    mode: 'b',
    onlyB: 2,
  });
});

test('a default that is a mapping is completed itself, and decides conditions', () => {
  expect(complete(schema, {})).toEqual({ optimizer: { sgd: { lr: 0.05 } }, mode: 'a', onlyA: 1 });
});

test('zero, false and null are values, not gaps', () => {
  expect(
    complete(
      { type: 'object', properties: { a: { default: 1 }, b: { default: true }, c: { default: 1 } } },
      { a: 0, b: false, c: null },
    ),
  ).toEqual({ a: 0, b: false, c: null });
});

test('a text with a unit becomes a number where a branch takes it, and stays a text elsewhere', () => {
  expect(complete(schema, { keep: '10%' })).toMatchObject({ keep: 0.1 });
  expect(complete(schema, { keep: 'all' })).toMatchObject({ keep: 'all' });
  expect(complete(schema, { keep: 'some' })).toMatchObject({ keep: 'some' });
});

test('neither the value nor the schema is changed', () => {
  const value = Object.freeze({ optimizer: Object.freeze({ sgd: Object.freeze({}) }) });
  const before = JSON.stringify(schema);
  const first = complete(schema, value) as { optimizer: { sgd: { lr: number } } };
  first.optimizer.sgd.lr = 9;
  expect(JSON.stringify(schema)).toBe(before);
  expect(complete(schema, {})).toMatchObject({ optimizer: { sgd: { lr: 0.05 } } });
});

test('a walk meets the keywords of the branch that is taken', () => {
  const found: string[] = [];
  walk(schema, { optimizer: { sgd: { file: 'a.csv' } } }, (schemas, _, path) => {
    if (schemas.some((each) => each['x-lathe'] === 'file')) found.push(path.join('.'));
  });
  expect(found).toEqual(['optimizer.sgd.file']);
});
