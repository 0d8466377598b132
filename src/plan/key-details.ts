import { relative } from 'node:path';
import type { KeyDetails } from '../artifacts/action-record.js';
import type { Json } from '../core/canonical-json.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import type { Path } from '../core/path.js';
import { labelOfSlot } from './collected.js';
import type { Cell, Plan } from './plan.js';

/** What the digests in a cell's key record stand for, and what the recipe calls them. */
export function keyDetails(cell: Cell, record: Json, { contents, recipe }: Plan): KeyDetails {
  const shown = (file: string) => shownFile(relative(recipe.folder, file));
  const names: Record<string, string> = {};
  for (const [slot, source] of Object.entries(cell.inputs)) {
    if (slot.startsWith('option:')) continue;
    const label = labelOfSlot(slot);
    const place = label === null ? ['inputs', slot] : ['collected', label, 'model'];
    names[pointer(place)] = source.kind === 'file' ? shown(source.file) : madeBy(source);
  }
  if (cell.plugin.kind === 'external') names[pointer(['plugin', 'code'])] = cell.plugin.name;
  forEachReference(cell, (path, name, kind) => {
    names[pointer(['options', ...path])] = kind === 'file' || kind === 'folder' ? shown(name) : name;
  });
  return { contents: contents.within(record), names };
}

/** A place in a key record as KeyDetails.names has it. */
export function pointer(path: Path): string {
  return path.map((part) => `/${part}`).join('');
}

/** A file's name begins with a dot or a slash, which no cell's id does. */
function shownFile(path: string): string {
  return /^[./]/.test(path) ? path : `./${path}`;
}

function madeBy({ cell, slot }: { readonly cell: string; readonly slot: string }): string {
  return slot === 'model' ? cell : `${cell}.${slot}`;
}

/** What stands as a name in a cell's options and as `{ kind: digest }` in its key. */
export function forEachReference(cell: Cell, found: (path: Path, name: string, kind: string) => void): void {
  visitReferences(cell.options, cell.keyOptions, [], found);
}

function visitReferences(
  option: Json | undefined,
  key: Json | undefined,
  path: Path,
  found: (path: Path, name: string, kind: string) => void,
): void {
  if (typeof option === 'string' && isJsonMapping(key)) {
    found(path, option, Object.keys(key)[0] ?? '');
  } else if (Array.isArray(option) && Array.isArray(key)) {
    for (const [index, item] of option.entries()) visitReferences(item, key[index], [...path, index], found);
  } else if (isJsonMapping(option) && isJsonMapping(key)) {
    for (const [name, item] of Object.entries(option)) visitReferences(item, key[name], [...path, name], found);
  }
}
