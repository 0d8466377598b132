// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import { describe, expect, test } from 'vitest';
import { loadRecipe, parseRecipe } from '../../src/recipe/load.js';
import { refusal } from '../support/plan-text.js';

/** What a person reads, without the source lines, which may be long here. */
async function complaint(text: string): Promise<string[]> {
  const said = await refusal(() => parseRecipe(text, '/home/u/recipe.yaml', { environment: {} }), '/home/u');
  return said.split('\n').filter((line) => line.startsWith('recipe.yaml:') || line.startsWith('… and '));
}

const many = (count: number, line: (index: number) => string) => Array.from({ length: count }, (_, i) => line(i));
const REST = '\nstages: [{ id: a, uses: train }]\n';

describe('a recipe that would take forever is refused at once', () => {
  test.each<[what: string, text: string, first: RegExp]>([
    ['merges of merges', bombOfMerges(), /stand for more than 10000 values/],
    ['a mapping of thousands of keys', many(6000, (i) => `k${i}: 1`).join('\n'), /has 6002 keys; at most 5000/],
    [
      'aliases without anchors',
      `params: [${many(30_000, (i) => `*a${i}`).join(', ')}]`,
      /There is no anchor "a0" above|Unresolved alias/,
    ],
    ['references to nothing', `name: "${'${{ params.x }}'.repeat(30_000)}"`, /"x" is no parameter/],
    [
      'references to a text of any length',
      `params: { x: ${'y'.repeat(10_000)} }\nname: "${'${{ params.x }}'.repeat(500)}"`,
      /stand for more than 1000000 characters/,
    ],
    ['brackets that close none of their kind', `x-a: ${'[}'.repeat(480_000)}`, /:2:6 This bracket is not closed/],
    ['brackets that close none', `x-a: 1\n${']'.repeat(900_000)}`, /:3:1 Unexpected flow-seq-end/],
    ['brackets in brackets', `x-a: ${'[{a: '.repeat(190_000)}`, /:2:252 The recipe is nested too deeply/],
    ['lists in lists', `x-a:\n${'- '.repeat(450_000)}`, /:3:201 The recipe is nested too deeply/],
    ['keys behind keys', `x-a: ${'b: '.repeat(300_000)}`, /:2:\d+ The recipe is nested too deeply/],
    [
      'levels by indentation',
      many(1300, (i) => `${' '.repeat(i)}a:`).join('\n'),
      /:102:101 The recipe is nested too deeply/,
    ],
    ['a million commas', `x-a: [${','.repeat(900_000)}]`, /:2:599\d{3} The text up to here has more words and signs/],
    ['escapes that there are not', `x-a:\n${'- "\\q"\n'.repeat(100_000)}`, /:3:4 Invalid escape sequence/],
    ['a list of what does not belong there', `plugins: [${'{}, '.repeat(100_000)}]`, /Item 1 of "plugins"/],
  ])('%s', { timeout: 15_000 }, async (_, text, first) => {
    const lines = await complaint(`version: 1\n${text}${REST}`);
    expect(lines[0]).toMatch(first);
    expect(lines.length).toBeLessThanOrEqual(101);
  });

  test('brackets in texts are none', async () => {
    const texts = [`"${'['.repeat(200)}"`, `'${'{'.repeat(200)}'`, 'a]]', '|-\n  [\n  }', '1 # ]'];
    expect(await complaint(`version: 1${texts.map((text, i) => `\nx-${i}: ${text}`).join('')}${REST}`)).toEqual([]);
  });

  test('thousands of aliases of one value are looked up in one walk', { timeout: 15_000 }, async () => {
    const list = `[${'*a, '.repeat(9_900)}]`;
    expect(await complaint(`version: 1\nx-a: &a 1\nx-b: ${list}\n${REST}`)).toEqual([]);
  });

  test('of hundreds of mistakes the first hundred are shown', async () => {
    const lines = await complaint(`version: 1\nparams:\n${many(150, (i) => `  k${i}: {}`).join('\n')}${REST}`);
    expect(lines).toHaveLength(101);
    expect(lines[100]).toBe('… and 50 more mistakes.');
  });
});

test('a recipe that has no end is read no further than the longest', async () => {
  const said = await refusal(() => loadRecipe('/dev/zero', { environment: {} }), '/dev');
  expect(said).toMatch(/The recipe has more than 1000000 bytes.*\[RECIPE_TOO_LARGE\]/s);
});

test.each([
  ['!!binary aGk=', /"!!binary" is no tag that a recipe can hold/],
  ['!!js/function "f"', /"!!js\/function" is no tag/],
])('a tag that stands for no plain value is refused: %s', async (value, words) => {
  expect((await complaint(`version: 1\nname: ${value}${REST}`))[0]).toMatch(words);
});

test.each(['{ __proto__: { x: 1 } }', '{ "__proto__": 1 }', '{ *p : { x: 1 } }', '{ ? !!str __proto__ : 1 }'])(
  'no key reaches the prototype: %s',
  async (params) => {
    expect((await complaint(`version: 1\nname: &p __proto__\nparams: ${params}${REST}`))[0]).toMatch(
      /This is no possible key/,
    );
    expect(({} as { x?: unknown }).x).toBeUndefined();
  },
);

function bombOfMerges(): string {
  const levels = many(12, (i) => `x-${i}: &m${i} { <<: [${`*m${i - 1}, `.repeat(10)}] }`).slice(1);
  return ['x-0: &m0 { k: 1 }', ...levels].join('\n');
}
