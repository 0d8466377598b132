import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { recipeInstead } from '../../src/recipe/missing-recipe.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const RECIPE = 'version: 1\nstages: []\n';
const FILES = { 'lenet.yaml': RECIPE, 'config.yaml': 'version: 3\nservices: {}\n', 'recipe.lock.yaml': RECIPE };

afterEach(() => void vi.restoreAllMocks());

/** What is said of a recipe that is not in a folder, called in that folder. */
function said(file: string, files: Readonly<Record<string, string>>, cwd = '.'): string {
  const folder = temporaryFolder(files);
  vi.spyOn(process, 'cwd').mockReturnValue(join(folder, cwd));
  return recipeInstead(join(folder, cwd, file)).replace(folder, '<folder>');
}

it('a name with a typo is mended', () => {
  expect(said('lennet.yaml', FILES)).toBe('Did you mean "lenet.yaml"?');
});

it('recipes that are there are named, and neither other YAML nor lockfiles', () => {
  expect(said('recipe.yaml', FILES)).toBe('Name one that is there: lenet.yaml.');
});

it('one in a folder above is told, because that is where its runs are', () => {
  const files = { 'recipe.yaml': RECIPE, 'data/raw/notes.txt': '' };
  expect(said('recipe.yaml', files, 'data/raw')).toBe(
    'There is one above: call lathe in <folder>, where its runs and its cache are.',
  );
});

it('where there is none, a way to begin is', () => {
  expect(said('recipe.yaml', { 'notes.txt': '' })).toBe(
    'Name the file of your recipe, or let `lathe init` write one to start from.',
  );
  expect(said('nowhere/recipe.yaml', {})).toMatch(/^Name the file/);
});
