import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/package-root.js';
import { parseRecipe } from '../../src/recipe/load.js';
import { readRecipeSchema } from '../../src/recipe/schema.js';
import { refusal } from '../support/plan-text.js';

const PAGE = readFileSync(join(packageRoot(), 'docs', 'recipe.md'), 'utf8');
const FRAGMENTS = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => match[1]!);

/** A fragment of the page as a whole recipe. */
function whole(fragment: string): string {
  const margin = ' '.repeat(/^ */.exec(fragment)![0].length);
  const text = fragment.replaceAll(new RegExp(`^${margin}`, 'gm'), '');
  const indented = (by: number) => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));
  const head = text.includes('version:') ? '' : 'version: 1\n';
  if (text.startsWith('- ')) return `${head}stages:\n${indented(2)}${followed(text)}`;
  if (text.startsWith('expect:')) return `${head}stages:\n  - id: a\n    uses: b\n${indented(4)}`;
  return `${head}${text}${text.includes('stages:') ? '' : 'stages: [{ id: a, uses: b }]\n'}`;
}

/** The stages that a fragment follows and that stand in an earlier one. */
function followed(text: string): string {
  const ids = [...text.matchAll(/^ *each: (\w+)$/gm)].map((match) => match[1]!);
  return ids.map((id) => (text.includes(`- id: ${id}\n`) ? '' : `\n  - { id: ${id}, uses: b }\n`)).join('');
}

test.each(FRAGMENTS)('a recipe may say: %s', async (fragment) => {
  const environment = { HOME: '/' };
  expect(await refusal(() => parseRecipe(whole(fragment), '/r.yaml', { environment }), '/')).toBe('accepted');
});

describe('the tables name every key', () => {
  const tables = PAGE.split('\n').filter((line) => line.startsWith('| `'));
  const named = tables.map((line) => /`([^`]+)`/.exec(line)![1]!);
  const { properties, $defs } = readRecipeSchema() as unknown as {
    properties: object;
    $defs: Readonly<Record<string, { properties: object }>>;
  };

  test.each([
    ['a recipe', Object.keys(properties)],
    ['a stage', Object.keys($defs.stage!.properties)],
    ['a gate', Object.keys($defs.gate!.properties).filter((key) => key !== 'from')],
  ])('of %s', (_, keys) => {
    expect(keys.filter((key) => !named.includes(key))).toEqual([]);
  });
});
