import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AllowedPaths, realPath } from '../../src/plan/allowed-paths.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PLACE = { kind: 'text', file: '/r.yaml', line: 1, column: 1 } as const;

/** project/recipes holds the recipe, project/data a data set, home/secret.csv is nobody's business. */
function tree() {
  const root = realPath(
    temporaryFolder({ 'project/recipes/in/a.csv': '', 'project/data/b.csv': '', 'home/secret.csv': '' }),
  );
  return {
    project: join(root, 'project'),
    recipes: join(root, 'project/recipes'),
    home: join(root, 'home'),
    root,
  };
}

describe('a recipe may read', () => {
  test('what lies in its folder, and what the operating system has for everyone', () => {
    const { recipes, project, home } = tree();
    const paths = new AllowedPaths({ recipeFolder: recipes, home });
    expect(paths.mayRead(join(recipes, 'in/a.csv'))).toBe(true);
    expect(paths.mayRead(join(recipes, 'in/../in/a.csv'))).toBe(true);
    expect(paths.mayRead('/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz')).toBe(true);
    expect(paths.mayRead('/usr/share/passwords')).toBe(false);
    expect(paths.mayRead(join(project, 'data/b.csv'))).toBe(false);
    expect(paths.mayRead(join(recipes, '../recipes-of-others'))).toBe(false);
  });

  test('what lies in the folder where lathe is called, if the recipe is below it', () => {
    const { recipes, project, home } = tree();
    const below = new AllowedPaths({ recipeFolder: recipes, workingFolder: project, home });
    expect(below.mayRead(join(project, 'data/b.csv'))).toBe(true);
    const beside = new AllowedPaths({ recipeFolder: recipes, workingFolder: join(project, 'data'), home });
    expect(beside.mayRead(join(project, 'data/b.csv'))).toBe(false);
  });

  test('but not the whole home of the user who calls it there, nor all of the disk', () => {
    const { root, home } = tree();
    mkdirSync(join(home, 'downloads'));
    for (const workingFolder of [home, root, '/']) {
      const paths = new AllowedPaths({ recipeFolder: join(home, 'downloads'), workingFolder, home });
      expect(paths.mayRead(join(home, 'secret.csv'))).toBe(false);
    }
  });

  test('what the user allows, a folder or a single file', () => {
    const { recipes, project, home } = tree();
    const folder = new AllowedPaths({ recipeFolder: recipes, extra: [join(project, 'data')], home });
    expect(folder.mayRead(join(project, 'data/b.csv'))).toBe(true);
    expect(folder.mayRead(join(home, 'secret.csv'))).toBe(false);
    const file = new AllowedPaths({ recipeFolder: recipes, extra: [join(home, 'secret.csv')], home });
    expect(file.mayRead(join(home, 'secret.csv'))).toBe(true);
    expect(file.mayRead(join(home, 'secret.csv.bak'))).toBe(false);
  });
});

describe('a link counts as what it leads to', () => {
  test.each([
    ['a file', 'link.csv', 'home/secret.csv', 'link.csv'],
    ['a folder', 'link', 'home', 'link/secret.csv'],
    ['nothing yet', 'link', 'home/new', 'link/later.csv'],
    ['a link that leads to nothing yet', 'link', 'home/other/new', 'link'],
  ])('to %s', (_, name, target, path) => {
    const { recipes, root, home } = tree();
    symlinkSync(join(root, target), join(recipes, name));
    const paths = new AllowedPaths({ recipeFolder: recipes, home });
    expect(paths.mayRead(join(recipes, path))).toBe(false);
    const wider = new AllowedPaths({ recipeFolder: recipes, extra: [home], home });
    expect(wider.mayRead(join(recipes, path))).toBe(true);
  });

  test('links in a circle lead nowhere, and end', () => {
    const { recipes, home } = tree();
    symlinkSync(join(recipes, 'b'), join(recipes, 'a'));
    symlinkSync(join(recipes, 'a'), join(recipes, 'b'));
    expect(new AllowedPaths({ recipeFolder: recipes, home }).mayRead(join(recipes, 'a/x.csv'))).toBe(true);
  });

  test('the recipe may itself be reached through one', () => {
    const { recipes, root, home } = tree();
    symlinkSync(recipes, join(root, 'short'));
    expect(new AllowedPaths({ recipeFolder: join(root, 'short'), home }).mayRead(join(recipes, 'in/a.csv'))).toBe(true);
  });
});

describe('a recipe may write', () => {
  test('where it may read, but not among the data sets of the operating system', () => {
    const { recipes, home } = tree();
    const paths = new AllowedPaths({ recipeFolder: recipes, home });
    expect(paths.mayWrite(join(recipes, 'new/out.onnx'))).toBe(true);
    expect(paths.mayWrite('/usr/share/datasets/out.onnx')).toBe(false);
    expect(paths.mayWrite(join(recipes, '../out.onnx'))).toBe(false);
  });

  test('over a link, which is then a file, but not through one', () => {
    const { recipes, home } = tree();
    symlinkSync(join(home, 'secret.csv'), join(recipes, 'out.onnx'));
    symlinkSync(home, join(recipes, 'out'));
    const paths = new AllowedPaths({ recipeFolder: recipes, home });
    expect(paths.mayWrite(join(recipes, 'out.onnx'))).toBe(true);
    expect(paths.mayWrite(join(recipes, 'out/model.onnx'))).toBe(false);
  });
});

test('a refusal names where the path leads and the option that allows it', () => {
  const { recipes, home } = tree();
  const folder = join(home, "it's here");
  mkdirSync(folder);
  writeFileSync(join(folder, 'x.csv'), '');
  symlinkSync(folder, join(recipes, 'link'));
  const paths = new AllowedPaths({ recipeFolder: recipes, home });
  const error = paths.refusal(join(recipes, 'link/x.csv'), 'file', PLACE)!;
  expect(error).toMatchObject({ code: 'RECIPE_PATH', place: PLACE, class: 'usage' });
  expect(error.problem).toBe(`${folder}/x.csv is outside of the folders that this recipe may read.`);
  expect(error.fix).toBe(`If you trust it, run it with --allow-path '${home}/it'\\''s here' as well.`);
  expect(paths.refusal(folder, 'folder', PLACE)!.fix).toBe(error.fix);
  expect(paths.refusal(join(recipes, 'a'), 'file', PLACE)).toBeUndefined();
});
