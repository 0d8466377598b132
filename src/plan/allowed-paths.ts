import { readlinkSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { type Place, UserError } from '../core/errors.js';
import { isInside } from '../core/is-inside.js';

export interface AllowedPathsRequest {
  /** Absolute folder of the recipe: always allowed. */
  readonly recipeFolder: string;
  /** Where the command is called: allowed if the recipe lies below it, unless it is the user's home or a folder above that. */
  readonly workingFolder?: string;
  /** What the user allows besides: folders, or single files. */
  readonly extra?: readonly string[];
  readonly home?: string;
}

/** Where packages of the operating system put data sets: the same for everyone, and nobody's secret. */
const DATA_FOLDERS = ['/usr/share/datasets'];

/** Where a recipe may name paths. What counts is where a path leads: neither `..` nor a link gets around it. */
export class AllowedPaths {
  private readonly folders: readonly string[];
  private readonly readable: readonly string[];

  constructor({ recipeFolder, workingFolder, extra = [], home = homedir() }: AllowedPathsRequest) {
    const recipe = realPath(recipeFolder);
    const working = workingFolder === undefined ? [] : [realPath(workingFolder)];
    const isProject = (folder: string) => isInside(folder, recipe) && !isInside(folder, realPath(home));
    this.folders = [recipe, ...working.filter(isProject), ...extra.map(realPath)];
    this.readable = [...this.folders, ...DATA_FOLDERS];
  }

  mayRead(path: string): boolean {
    const real = realPath(path);
    return this.readable.some((folder) => isInside(folder, real));
  }

  /** A file that is written replaces what has its name, also a link: only its folder decides. */
  mayWrite(path: string): boolean {
    const real = writtenPath(path);
    return this.folders.some((folder) => isInside(folder, real));
  }

  /**
   * Why a recipe may not name a path; undefined if it may.
   * @param path absolute
   */
  refusal(path: string, use: 'file' | 'folder' | 'export', place: Place): UserError | undefined {
    const isExport = use === 'export';
    if (isExport ? this.mayWrite(path) : this.mayRead(path)) return undefined;
    const real = isExport ? writtenPath(path) : realPath(path);
    return outside(real, use === 'folder' ? real : dirname(real), isExport ? 'write' : 'read').at(place);
  }

  /** What a folder holds belongs to it, unless a link leads out. Throws RECIPE_PATH. */
  checkLink(path: string): void {
    if (!this.mayRead(path)) throw outside(realPath(path), dirname(realPath(path)), 'read', path);
  }
}

function outside(real: string, folder: string, verb: 'read' | 'write', link?: string): UserError {
  const what = link === undefined ? `${real} is` : `The link ${link} leads to ${real},`;
  return new UserError(
    'RECIPE_PATH',
    `${what} outside of the folders that this recipe may ${verb}.`,
    `If you trust it, run it with --allow-path ${shellWord(folder)} as well.`,
    { class: 'usage' },
  );
}

function writtenPath(path: string): string {
  return join(realPath(dirname(path)), basename(path));
}

/** Where a path leads, also if what it names is not there yet. */
export function realPath(path: string): string {
  return follow(resolve(path), MOST_LINKS);
}

const MOST_LINKS = 40;

function follow(path: string, links: number): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    if (parent === path || links === 0) return path;
    const target = linkTarget(path);
    if (target !== undefined) return follow(resolve(follow(parent, links - 1), target), links - 1);
    return join(follow(parent, links), basename(path));
  }
}

/** What a link says whose target does not exist. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
