// biome-ignore-all lint/suspicious/noThenProperty: a keyword of JSON Schema
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/core/canonical-json.js';
import { schemaProblems } from '../../../src/core/json-schema/problems.js';
import type { Schema } from '../../../src/core/json-schema/schema.js';

const explain = (schema: Schema, value: Json) =>
  schemaProblems(schema, value, () => ({ noun: 'option', owner: 'prune' })).map(({ path, problem, fix }) =>
    `${path.join('.')}: ${problem} ${fix}`.trim(),
  );

const optimizer = {
  type: 'object',
  additionalProperties: false,
  properties: {
    optimizer: {
      oneOf: [
        { enum: ['none'] },
        {
          type: 'object',
          additionalProperties: false,
          required: ['sgd'],
          properties: {
            sgd: { type: 'object', properties: { lr: { type: 'number', minimum: 0 } }, additionalProperties: false },
          },
        },
        {
          type: 'object',
          additionalProperties: false,
          required: ['adam'],
          properties: { adam: { type: 'object', properties: { lr: { type: 'number' } }, additionalProperties: false } },
        },
      ],
    },
  },
};

describe('a failing alternative is one root cause', () => {
  test('the branch that was meant is the one that is explained', () => {
    expect(explain(optimizer, { optimizer: { sgd: { lr: -1 } } })).toEqual([
      'optimizer.sgd.lr: "lr" takes a number of at least 0, not the number -1.',
    ]);
    expect(explain(optimizer, { optimizer: { adam: { lt: 1 } } })).toEqual([
      'optimizer.adam.lt: "lt" is not an option of prune. Did you mean "lr"?',
    ]);
  });

  test('a misspelt branch gets a suggestion from all branches', () => {
    expect(explain(optimizer, { optimizer: { adma: {} } })).toEqual([
      'optimizer.adma: "adma" is not an option of prune. Did you mean "adam"?',
    ]);
    expect(explain(optimizer, { optimizer: 'nome' })).toEqual([
      'optimizer: "optimizer" takes none, not the text "nome". Did you mean "none"?',
    ]);
  });

  test('a value that resembles no branch gets all of them', () => {
    expect(explain(optimizer, { optimizer: 3 })).toEqual([
      'optimizer: "optimizer" takes none, a mapping with sgd or a mapping with adam, not the number 3.',
    ]);
  });

  test('alternatives that are mixed are named', () => {
    const schema = {
      oneOf: [
        { title: 'keep', required: ['keep'] },
        { title: 'threshold', required: ['threshold'] },
      ],
    };
    expect(explain(schema, { keep: 1, threshold: 2 })).toEqual([
      ': This has a mapping that mixes alternatives: keep; threshold. Keep one of them.',
    ]);
  });
});

describe('wording', () => {
  const schema = {
    type: 'object',
    additionalProperties: false,
    required: ['data', 'keep'],
    dependentRequired: { keep: ['scope'] },
    properties: {
      data: { type: 'string', minLength: 1, description: 'The data set.' },
      keep: { type: 'number', exclusiveMinimum: 0, maximum: 1, 'x-unit': 'ratio' },
      scope: { enum: ['layer', 'global'] },
      size: { type: 'array', items: { type: 'integer', minimum: 1 }, minItems: 2, maxItems: 2, uniqueItems: true },
      flag: { type: 'boolean' },
    },
  };

  test.each<[string, Json, string[]]>([
    [
      'an unknown key',
      { data: 'a', keep: 1, scope: 'layer', scpe: 1 },
      ['scpe: "scpe" is not an option of prune. Did you mean "scope"?'],
    ],
    [
      'an unknown key that resembles nothing',
      { data: 'a', keep: 1, scope: 'layer', whatever: 1 },
      ['whatever: "whatever" is not an option of prune. Known: data, keep, scope, size, flag.'],
    ],
    ['a missing key', { keep: 1, scope: 'layer' }, [': prune needs the option "data". Add "data": The data set.']],
    [
      'a misspelt required key, which is not missing as well',
      { dta: 'a', keep: 1, scope: 'layer' },
      ['dta: "dta" is not an option of prune. Did you mean "data"?'],
    ],
    ['a key without its companion', { data: 'a', keep: 1 }, ['keep: "keep" needs "scope" beside it. Add "scope".']],
    ['a wrong type', { data: 3, keep: 1, scope: 'layer' }, ['data: "data" takes a text, not the number 3.']],
    [
      'a number out of bounds',
      { data: 'a', keep: 2, scope: 'layer' },
      ['keep: "keep" takes a number above 0 and up to 1 (such as 0.01 or 1%), not the number 2.'],
    ],
    [
      'a wrong word',
      { data: 'a', keep: 1, scope: 'globl' },
      ['scope: "scope" takes layer or global, not the text "globl". Did you mean "global"?'],
    ],
    [
      'a wrong item',
      { data: 'a', keep: 1, scope: 'layer', size: [1, 0] },
      ['size.1: Item 2 of "size" takes a whole number of at least 1, not the number 0.'],
    ],
    [
      'a list of another length',
      { data: 'a', keep: 1, scope: 'layer', size: [1] },
      ['size: "size" takes a list of 2, not a list of 1.'],
    ],
    [
      'an item that is there twice',
      { data: 'a', keep: 1, scope: 'layer', size: [3, 3] },
      ['size.1: "size" holds the number 3 twice.'],
    ],
    [
      'nothing where something belongs',
      { data: null, keep: 1, scope: 'layer', flag: null },
      ['data: "data" takes a text, not nothing.', 'flag: "flag" takes true or false, not nothing.'],
    ],
  ])('%s', (_, value, expected) => {
    expect(explain(schema, value)).toEqual(expected);
  });
});

describe('agreement with ajv', () => {
  const leaf: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
    fc.constantFrom(
      { type: 'integer' },
      { type: 'number', minimum: 0, exclusiveMaximum: 3 },
      { type: 'string', minLength: 1 },
      { type: 'boolean' },
      { type: 'null' },
      { const: 1 },
      { enum: ['a', 'b', 2] },
      { type: ['string', 'number'], pattern: '^a' },
      { type: 'number', multipleOf: 2 },
      {},
    ),
  );
  const schema = fc.letrec<{ any: Record<string, unknown> }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.record({
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('any')),
        required: fc.uniqueArray(fc.constantFrom('a', 'b')),
        additionalProperties: fc.boolean(),
      }),
      fc.record({
        type: fc.constant('array'),
        items: tie('any'),
        minItems: fc.nat(1),
        maxItems: fc.integer({ min: 1, max: 3 }),
        uniqueItems: fc.boolean(),
      }),
      fc.record({ anyOf: fc.array(tie('any'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ oneOf: fc.array(tie('any'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ allOf: fc.array(tie('any'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ if: tie('any'), then: tie('any'), else: tie('any') }),
      fc.record({ not: tie('any') }),
      fc.record({
        propertyNames: fc.constant({ enum: ['a', 'c'] }),
        minProperties: fc.nat(2),
        dependentRequired: fc.constant({ a: ['b'] }),
      }),
      fc.record({ prefixItems: fc.array(tie('any'), { minLength: 1, maxLength: 2 }), items: fc.boolean() }),
      fc.constant({ $ref: '#/$defs/shared' }),
    ),
  })).any;
  const value = fc.letrec<{ any: Json }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<Json>(0, 1, 2, 3, -1, 0.5, '', 'a', 'b', 'abc', true, false, null),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('any'), { noNullPrototype: true }),
    ),
  })).any;

  test('there are problems exactly where ajv refuses', () => {
    fc.assert(
      fc.property(schema, value, (given, candidate) => {
        const whole = { $defs: { shared: { type: 'object', required: ['a'] } }, allOf: [given] };
        const ajv = new Ajv2020({ strict: false, meta: false, validateSchema: false, allErrors: true, logger: false });
        expect(explain(whole, candidate).length === 0).toBe(ajv.validate(whole, candidate));
      }),
      { numRuns: 1500 },
    );
  });
});
