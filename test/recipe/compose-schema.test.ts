// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { composeRecipeSchema } from '../../src/recipe/compose-schema.js';
import { readRecipeSchema } from '../../src/recipe/schema.js';
import { fakeRegistries } from '../support/fake-plugins.js';
import { GOOD_RECIPE } from './good-recipe.js';

const schema = composeRecipeSchema(fakeRegistries()) as object;
const strict = () => new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
const validate = strict().compile(schema);
const accepts = (text: string) => validate(parse(text));

test('the schema that recipes are judged by is a valid one', () => {
  expect(() => strict().compile(readRecipeSchema())).not.toThrow();
});

test('a faultless recipe is accepted, references and units included', () => {
  expect(accepts(GOOD_RECIPE), JSON.stringify(validate.errors)).toBe(true);
});

describe('an editor marks', () => {
  test.each<[string, string, string]>([
    ['an unknown key', 'seed: 7', 'sead: 7'],
    ['an unknown stage kind', 'uses: prune', 'uses: prun'],
    ['an unknown reader', 'uses: csv', 'uses: cvs'],
    ['an unknown option', 'batch: 32', 'bach: 32'],
    ['a wrong type', 'batch: 32', 'batch: many'],
    ['a wrong word', 'keep: best', 'keep: bets'],
    ['a number out of range', 'momentum: 0.9', 'momentum: 1.5'],
    ['a missing option', 'network: small', ''],
    ['an unknown layer', 'relu', 'rellu'],
    ['an option of another data set', 'with: { folder: images }', 'with: { file: images }'],
    ['a wrong limit', 'max: 60k', 'max: lots'],
    ['a time without a unit', 'timeout: 20m', 'timeout: 20'],
    ['two intervals', 'timeout: 20m', 'checkpoint: { every: 20m, everySteps: 3 }'],
    ['no interval', 'timeout: 20m', 'checkpoint: true'],
  ])('%s', (_, before, after) => {
    expect(GOOD_RECIPE).toContain(before);
    expect(accepts(GOOD_RECIPE.replace(before, after))).toBe(false);
  });
});

test('a reference may stand for a number, a word, a list and a limit', () => {
  const text = GOOD_RECIPE.replace('batch: 32', 'batch: "${{ params.b }}"')
    .replace('keep: best', 'keep: "${{ params.k }}"')
    .replace('hidden: [64, 32]', 'hidden: "${{ params.h }}"')
    .replace('max: 60k', 'max: "${{ params.m }}"')
    .replace('seed: 7', 'seed: "${{ params.s }}"');
  expect(accepts(text), JSON.stringify(validate.errors)).toBe(true);
});

test('our own keywords do not leak into it', () => {
  expect(JSON.stringify(schema)).not.toMatch(/x-lathe|x-unit/);
});

test("definitions inside a plugin's options still find each other", () => {
  const registries = fakeRegistries();
  registries.stages.add({
    ...registries.stages.get('note')!,
    name: 'tree',
    options: {
      type: 'object',
      additionalProperties: false,
      properties: { root: { $ref: '#/$defs/node' } },
      $defs: { node: { type: 'object', additionalProperties: false, properties: { child: { $ref: '#/$defs/node' } } } },
    } as never,
  });
  const compiled = strict().compile(composeRecipeSchema(registries) as object);
  const recipe = (options: object) => ({ version: 1, stages: [{ id: 'a', uses: 'tree', with: options }] });
  expect(compiled(recipe({ root: { child: { child: {} } } }))).toBe(true);
  expect(compiled(recipe({ root: { child: { chld: {} } } }))).toBe(false);
});
