import { canonicalJson, type Json } from '../core/canonical-json.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import type { Lockfile } from './lockfile.js';

/**
 * A lockfile as YAML: one value a line, keys sorted, so that a change of one value changes one line. Options inside options
 * stay on the line of their owner. Written by hand: a run that computes nothing does not load a YAML library for it.
 * @param recipe the recipe's file name, for the comment on top
 */
export function lockfileText(lockfile: Lockfile, recipe: string): string {
  const { version, recipe: locked, runtime, plugins, cells } = lockfile;
  const lines = [
    `# What \`lathe run ${recipe}\` came to. Written by Lathe; keep it in version control, see docs/reproduce.md.`,
    `version: ${version}`,
    ...section('recipe', locked as unknown as Json, 1),
    ...section('runtime', runtime as unknown as Json, 1),
    ...section('plugins', plugins, 1),
    ...section('cells', cells as unknown as Json, CELL_LEVELS),
  ];
  return `${lines.join('\n')}\n`;
}

/** cells → cell → outputs → slot → digest. */
const CELL_LEVELS = 4;
const OPTIONS_LEVEL = 2;

/** @param levels how many mappings within each other get lines of their own */
function section(name: string, value: Json, levels: number, isInOptions = false): string[] {
  if (!isJsonMapping(value) || levels === 0 || isInOptions) return [`${scalar(name)}: ${flow(value)}`];
  const keys = Object.keys(value).sort();
  if (keys.length === 0) return [`${scalar(name)}: {}`];
  const lines = keys.flatMap((key) =>
    section(key, value[key]!, levels - 1, name === 'options' && levels === OPTIONS_LEVEL),
  );
  return [`${scalar(name)}:`, ...lines.map((line) => `  ${line}`)];
}

/** JSON is YAML. */
function flow(value: Json): string {
  return typeof value === 'string' ? scalar(value) : canonicalJson(value);
}

/** A text without quotes where no reader of YAML takes it for something else. */
export function scalar(text: string): string {
  const isPlain = /^[A-Za-z0-9_./][\w./-]*$/.test(text) && !RESERVED.test(text) && !looksLikeNumber(text);
  return isPlain ? text : JSON.stringify(text);
}

/** What YAML 1.1 or 1.2 reads as null, a truth value, or a number. */
const RESERVED = /^(?:null|true|false|yes|no|on|off|y|n|\.inf|\.nan)$/i;

function looksLikeNumber(text: string): boolean {
  if (/^\d+\.\d+\.\d/.test(text)) return false; // a version
  return !Number.isNaN(Number(text)) || /^(?:[\d_.e-]+|0[xob].*)$/i.test(text);
}
