import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../core/errors.js';
import { localFiles, packageFolder, packageName, versionIn } from './code-digest.js';

/** A plugin that was found but not loaded. */
export interface FoundPlugin {
  /** Absolute path of the module to load. */
  readonly entry: string;
  /** For a package as a package manager installed it: what identifies its content. */
  readonly installed: { readonly name: string; readonly version: string; readonly integrity: string } | null;
}

/**
 * The module that a recipe's plugin line means: a file (./, ../ or absolute) or an npm package, seen from the recipe's folder.
 * Throws PLUGIN_NOT_FOUND.
 */
export async function findPlugin(specifier: string, folder: string): Promise<FoundPlugin> {
  if (/^(\.{1,2}\/|\/|[A-Za-z]:[\\/])/.test(specifier)) {
    const entry = localFiles(specifier, folder)[0];
    if (entry !== undefined) return { entry, installed: installedAt(entry) };
    throw notFound(
      `There is no plugin file ${resolve(folder, specifier)}.`,
      'Check the path; it is relative to the recipe.',
    );
  }
  const name = packageName(specifier);
  const root = packageFolder(name, folder);
  if (root === undefined) {
    const isPath = statSync(resolve(folder, specifier), { throwIfNoEntry: false }) !== undefined;
    throw notFound(
      `The plugin "${specifier}" is not installed where the recipe can see it.`,
      isPath
        ? `Write "./${specifier}" to load the file.`
        : `Run \`npm install ${name}\` in ${folder}; a file is written with ./ in front.`,
    );
  }
  const { createJiti } = await import('jiti');
  const parent = pathToFileURL(join(folder, 'recipe.yaml')).href;
  const target = createJiti(parent).esmResolve(specifier, { parentURL: parent, try: true });
  if (target === undefined) {
    throw notFound(
      `The package "${name}" has no entry "${specifier}".`,
      'Check "exports" or "main" in its package.json.',
    );
  }
  const entry = realpathSync(new URL(target));
  return { entry, installed: installedAs(name, root) };
}

/** The same for a module of a package, by its path: a plugin is loaded again by the file that its name led to. */
function installedAt(entry: string): FoundPlugin['installed'] {
  const mark = `${sep}node_modules${sep}`;
  const at = entry.lastIndexOf(mark);
  if (at < 0) return null;
  const name = packageName(
    entry
      .slice(at + mark.length)
      .split(sep)
      .join('/'),
  );
  return installedAs(name, entry.slice(0, at + mark.length) + name);
}

/** What npm's own record of node_modules says of a package; null if it is linked in or was installed by other means. */
function installedAs(name: string, root: string): FoundPlugin['installed'] {
  if (realpathSync(root) !== root && !realpathSync(root).includes(`${sep}node_modules${sep}`)) return null;
  const modules = root.slice(0, -name.length - 1);
  try {
    const lock = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as {
      packages?: Record<string, { integrity?: string; version?: string }>;
    };
    const entry = lock.packages?.[relative(join(modules, '..'), root).split(sep).join('/')];
    const version = versionIn(root);
    if (entry?.integrity === undefined || entry.version !== version) return null;
    return { name, version, integrity: entry.integrity };
  } catch {
    return null; // no such record: the code itself is hashed instead
  }
}

function notFound(problem: string, fix: string): UserError {
  return new UserError('PLUGIN_NOT_FOUND', problem, fix, { class: 'usage' });
}
