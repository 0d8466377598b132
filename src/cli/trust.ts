import { delimiter, dirname, relative } from 'node:path';
import { UserError, UserErrors } from '../core/errors.js';
import { AllowedPaths } from '../plan/allowed-paths.js';
import { type LoadedPlugin, loadPlugins } from '../plugin/load.js';
import type { Recipe } from '../recipe/recipe.js';
import { announcePlugin } from './announce-plugin.js';
import type { Environment } from './program.js';
import type { Terminal } from './terminal.js';

/** What the user lets a recipe do, from the command line. */
export interface TrustOptions {
  /** Folders outside of the recipe's that it may name. */
  readonly allowPath: readonly string[];
  /** False for --no-local-plugins. */
  readonly localPlugins: boolean;
}

/** Where a recipe may read and write: docs/trust.md. */
export function allowedPaths(recipe: Recipe, { allowPath }: TrustOptions, env: Environment): AllowedPaths {
  const listed = (env.LATHE_ALLOW_PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return new AllowedPaths({
    recipeFolder: recipe.folder,
    workingFolder: process.cwd(),
    extra: [...allowPath, ...listed],
  });
}

/**
 * The plugins that a recipe names, each announced before its code runs for the first time.
 * Throws UserErrors of PLUGIN_FORBIDDEN and RECIPE_PATH, and what loadPlugins throws.
 */
export async function trustedPlugins(
  recipe: Recipe,
  trust: TrustOptions,
  { paths, terminal, env }: { readonly paths: AllowedPaths; readonly terminal: Terminal; readonly env: Environment },
): Promise<LoadedPlugin[]> {
  const requests = recipe.plugins.map(({ specifier, path }) => ({ specifier, place: recipe.locate(path) }));
  if (!trust.localPlugins && requests.length > 0) {
    throw new UserErrors(
      requests.map(
        ({ specifier, place }) =>
          new UserError(
            'PLUGIN_FORBIDDEN',
            `The recipe names the plugin ${specifier}, and --no-local-plugins forbids code that does not come with Lathe.`,
            'Read its code, and leave the option out if you trust it.',
            { place, class: 'usage' },
          ),
      ),
    );
  }
  return loadPlugins(requests, recipe.folder, ({ request: { specifier, place }, entry, digest }) => {
    // A package is found by its name, where the user or npm has put it.
    const outside = isPath(specifier) ? paths.refusal(entry, 'file', place!) : undefined;
    if (outside !== undefined) throw outside;
    announcePlugin({ entry, digest, recipe: shown(recipe.file) }, terminal, env);
  });
}

function isPath(specifier: string): boolean {
  return /^(?:\.|\/|[A-Za-z]:)/.test(specifier);
}

function shown(file: string): string {
  const way = relative(process.cwd(), file);
  return way.startsWith('..') || dirname(way) === way ? file : way;
}
