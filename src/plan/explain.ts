import type { Json } from '../core/canonical-json.js';
import type { Path } from '../core/path.js';
import { shownValue } from '../core/shown-value.js';
import { type Difference, differences, type KeyedRecord } from './changes.js';
import { pointer } from './key-details.js';

/** One field that differs from an earlier result's key, and how a person reads it. */
export interface Change {
  readonly path: Path;
  /** Values; names where the recipe names another data set, network or model. */
  readonly before: Json | undefined;
  readonly after: Json | undefined;
  /** "options.lambda 0.0001 → 0.0002". */
  readonly text: string;
}

/** What changed between two key records, field by field. Empty if the keys are equal. */
export function explainChanges(before: KeyedRecord, after: KeyedRecord): Change[] {
  const name = (path: Path) => after.details?.names[pointer(path)] ?? before.details?.names[pointer(path)];
  return differences(before, after).map((difference) => ({
    path: difference.path,
    before: difference.names?.before ?? difference.before,
    after: difference.names?.after ?? difference.after,
    text: textOf(difference, name),
  }));
}

/** The first changes in one line, and how many there are besides. */
export function summarizeChanges(changes: readonly { readonly text: string }[]): string {
  const shown = changes.slice(0, SHOWN).map(({ text }) => text);
  const more = changes.length - shown.length;
  return [...shown, ...(more === 0 ? [] : [`${more} more`])].join('; ');
}

const SHOWN = 3;

type NameOf = (path: Path) => string | undefined;

function textOf(difference: Difference, name: NameOf): string {
  const { path } = difference;
  const [root, second, ...rest] = path;
  switch (root) {
    case 'plugin':
      if (second !== 'code') return `plugin ${second === 'name' ? '' : `${second} `}${values(difference)}`;
      return codeText(difference, rest, name(['plugin', 'code']));
    case 'options':
      return optionText(difference, name);
    case 'inputs':
      return `input ${second}${modelText(difference, name(['inputs', second!]))}`;
    case 'outputs':
      return `output ${dotted(path.slice(1))} ${values(difference)}`;
    case 'seed':
      if (second === undefined) return 'seed changed';
      return `${second === 'cell' ? 'id' : second} ${values(difference)}`;
    case 'env':
      return `env ${second} ${values(difference)}`;
    case 'runtime':
      return second === undefined
        ? `runtime ${values(difference)}`
        : `${RUNTIME[second] ?? second} ${values(difference)}`;
    default:
      return `${dotted(path)} ${values(difference)}`;
  }
}

const RUNTIME: Readonly<Record<string, string>> = {
  cpuClass: 'CPU class',
  gpu: 'GPU',
  provider: 'execution provider',
};

/** An option, or what a data set, network, file or model that it names consists of. */
function optionText(difference: Difference, name: NameOf): string {
  const { path, reference, names } = difference;
  if (names !== null) return `${dotted(path)} ${names.before} → ${names.after}`;
  const self = name(path);
  if (self !== undefined && difference.before === undefined) return `${dotted(path)} not set → ${self}`;
  if (self !== undefined && difference.after === undefined) return `${dotted(path)} ${self} → not set`;
  const last = path[reference - 1];
  const owner = path.slice(0, reference - 1);
  const called = name(owner);
  if (called === undefined) return ownText(difference, path);
  const inside = path.slice(reference);
  switch (last) {
    case 'dataset':
      return `data set ${called}: ${partText(difference, inside)}`;
    case 'network':
      return `network ${called}: ${partText(difference, inside)}`;
    case 'model':
      return `${dotted(owner)}${modelText(difference, called)}`;
    default:
      return `${dotted(owner)} ${called}: ${partText(difference, inside)}`;
  }
}

/** A part of a data set, network or folder. */
function partText(difference: Difference, inside: Path): string {
  const [first, ...rest] = inside;
  if (first === undefined) return 'content changed';
  if (first === 'code') return codeText(difference, rest, undefined);
  if (first === 'files') return fileText(difference, dotted(rest));
  if (first === 'options') return ownText(difference, rest);
  return ownText(difference, inside);
}

/** Options of a data set or network may name files and folders in turn: `train.images.file`. */
function ownText(difference: Difference, path: Path): string {
  const at = path.findIndex((part, i) => REFERENCES.has(part) && (i === path.length - 1 || path[i + 1] === 'files'));
  const isContent = isDigest(difference.before) || isDigest(difference.after);
  if (at <= 0 || !isContent) return `${dotted(path)} ${values(difference)}`;
  const owner = dotted(path.slice(0, at));
  const inside = path.slice(at + 2);
  return `${owner}: ${inside.length === 0 ? 'content changed' : fileText(difference, dotted(inside))}`;
}

/** What stands for a digest in a key's options: `{ file: <digest> }`. */
const REFERENCES: ReadonlySet<string | number> = new Set(['file', 'folder', 'dataset', 'network', 'model']);

function codeText(difference: Difference, inside: Path, called: string | undefined): string {
  const label = called === undefined ? 'plugin code' : `plugin code ${called}`;
  const [first, ...rest] = inside;
  if (first === 'files') {
    return dotted(rest) === '.' ? `${label} edited` : `${label}: ${fileText(difference, dotted(rest), 'edited')}`;
  }
  if (first === 'packages') return `${label}: package ${dotted(rest)} ${values(difference)}`;
  if (difference.before === null) return `${label}: a plugin instead of the built-in one`;
  if (difference.after === null) return `${label}: the built-in one instead of a plugin`;
  return `${label} edited`;
}

function fileText({ before, after }: Difference, file: string, changed = 'changed'): string {
  if (before === undefined) return `${file} added`;
  return `${file} ${after === undefined ? 'removed' : changed}`;
}

function modelText({ names, before, after }: Difference, called: string | undefined): string {
  if (names !== null) return `: ${names.after} instead of ${names.before}`;
  if (before === undefined) return `: ${called ?? 'a model'} added`;
  if (after === undefined) return `: ${called ?? 'a model'} removed`;
  if (called === undefined) return ' changed';
  return /^[./]/.test(called) ? `: content of ${called} changed` : `: ${called} produced other bytes`;
}

function values({ before, after, names }: Difference): string {
  return `${names?.before ?? shownValue(before)} → ${names?.after ?? shownValue(after)}`;
}

function dotted(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

function isDigest(value: Json | undefined): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
