import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { guarded } from '../../artifacts/storage-error.js';
import { UserError } from '../../core/errors.js';
import { EXIT } from '../exit-code.js';
import { STARTER_GITIGNORE, STARTER_RECIPE } from '../starter-recipe.js';
import type { Terminal } from '../terminal.js';

/** `lathe init`: writes a recipe that works into an empty folder. Throws CLI_FOLDER_NOT_EMPTY. */
export async function initCommand(
  { folder, calledAs }: { readonly folder: string; readonly calledAs: string },
  terminal: Terminal,
): Promise<number> {
  const target = resolve(folder);
  const recipe = STARTER_RECIPE.replace('./node_modules', modulesFrom(target));
  const files = { 'recipe.yaml': recipe, '.gitignore': STARTER_GITIGNORE };
  await guarded(target, async () => {
    await mkdir(target, { recursive: true });
    const there = (await readdir(target)).filter((name) => name !== '.git');
    if (there.length > 0) {
      throw new UserError(
        'CLI_FOLDER_NOT_EMPTY',
        `${target} is not empty: it has ${there.slice(0, 3).join(', ')}${there.length > 3 ? ', …' : ''}.`,
        `Name another folder: ${calledAs} init my-model.`,
        { class: 'usage' },
      );
    }
    // 'wx': whatever appeared meanwhile is not overwritten.
    for (const [name, content] of Object.entries(files)) await writeFile(join(target, name), content, { flag: 'wx' });
  });
  const path = relative(process.cwd(), target);
  terminal.out(`Wrote ${Object.keys(files).join(' and ')}. Next:`);
  terminal.out(path === '' ? `  ${calledAs} run` : `  cd ${inShell(path)} && ${calledAs} run`);
  return EXIT.ok;
}

/** The way from a folder to the `node_modules` that Lathe is in; of the folder itself if there is none yet. */
function modulesFrom(folder: string): string {
  let up = '.';
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', 'onnx-lathe'))) return `${up}/node_modules`;
    if (at === dirname(at)) return './node_modules';
    up = up === '.' ? '..' : `${up}/..`;
  }
}

/** In quotes where a shell would take it for several words, or for more than a name. */
function inShell(path: string): string {
  return /^[\w./\\~-]+$/.test(path) ? path : `"${path.replaceAll(/["$`]/g, '\\$&')}"`;
}
