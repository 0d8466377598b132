import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { nearest } from '../core/nearest.js';

/** What to do where a recipe's file is not there: the name that was meant, recipes beside it or above it, or how to begin. */
export function recipeInstead(file: string): string {
  const path = resolve(file);
  const folder = dirname(path);
  const names = yamlFiles(folder);
  const meant = nearest(basename(path), names);
  if (meant !== undefined) return `Did you mean "${shown(join(folder, meant))}"?`;
  const recipes = names.filter((name) => isRecipe(join(folder, name)));
  if (recipes.length > 0) return `Name one that is there: ${list(recipes.map((name) => shown(join(folder, name))))}.`;
  const above = ancestorsOf(folder).find((each) => existsSync(join(each, basename(path))));
  if (above !== undefined) return `There is one above: call lathe in ${above}, where its runs and its cache are.`;
  return 'Name the file of your recipe, or let `lathe init` write one to start from.';
}

function yamlFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name) && !name.endsWith('.lock.yaml'))
      .sort();
  } catch {
    return []; // there is no such folder either
  }
}

function isRecipe(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size > LOOKED_AT_BYTES) return false;
  const text = readFileSync(path, 'utf8');
  return /^version:/m.test(text) && /^stages:/m.test(text);
}

const LOOKED_AT_BYTES = 1_000_000;

function ancestorsOf(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...ancestorsOf(above)];
}

/** As one would type it here. */
function shown(path: string): string {
  return relative(process.cwd(), path);
}

function list(names: readonly string[]): string {
  return names.length > LISTED ? `${names.slice(0, LISTED).join(', ')}, …` : names.join(', ');
}

const LISTED = 5;
