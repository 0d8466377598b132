import { type Mask, maskOf } from '../core/mask.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Environment } from './program.js';

/** Hides the values of the variables that a recipe hands to its stages without making them part of a key. */
export function recipeMask({ env: { hash, pass } }: Recipe, env: Environment): Mask {
  const secret = pass.filter((name) => !hash.includes(name));
  return maskOf(secret.flatMap((name) => env[name] ?? []));
}
