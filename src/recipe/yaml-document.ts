import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Json } from '../core/canonical-json.js';
import { type Place, UserError, UserErrors } from '../core/errors.js';
import { didYouMean } from '../core/json-schema/problems.js';
import type { Path } from '../core/path.js';
import { syntaxError } from './yaml-syntax.js';

/** Values that aliases may bring in altogether: a bomb multiplies them by the billion. */
const ALIASED_VALUES_MAX = 10_000;

/** A YAML document as plain values that still know where they stand. */
export interface PlacedDocument {
  readonly value: Json;
  /** Where the value at a path stands, or its key; a missing path gives its nearest ancestor. */
  locate(path: Path, target?: 'key' | 'value'): Place;
  /** Where a piece of the text of the value at a path stands; the value itself if the piece is not written there. */
  locateText(path: Path, piece: string, nth: number): Place;
}

/**
 * Parses YAML 1.2 (core schema, merge keys allowed, no custom tags, one document).
 * Throws UserErrors with every problem: RECIPE_SYNTAX alone if the text is no YAML, otherwise RECIPE_DUPLICATE_KEY,
 * RECIPE_KEY, RECIPE_ALIAS, RECIPE_TAG, RECIPE_NUMBER.
 */
export function parseYaml(text: string, file: string): PlacedDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false, // checked below, where both places are known
    prettyErrors: false,
    lineCounter: lines,
    logLevel: 'error',
  });
  const source = new Source(text, file, lines);
  const bad = syntaxError(document, source);
  if (bad !== undefined) throw new UserErrors([bad]);
  if (document.contents === null) {
    throw new UserErrors([
      new UserError('RECIPE_EMPTY', 'The recipe is empty.', 'Start one with `lathe init`.', {
        place: { kind: 'file', file },
        class: 'usage',
      }),
    ]);
  }
  const reader = new Reader(document, source);
  const value = reader.read(document.contents as Node, false);
  if (reader.problems.length > 0) throw new UserErrors(reader.problems);
  return {
    value,
    locate: (path, target = 'value') => reader.locate(path, target),
    locateText: (path, piece, nth) => reader.locateText(path, piece, nth),
  };
}

/** The text of a recipe, for turning offsets into places. */
export class Source {
  constructor(
    readonly text: string,
    readonly file: string,
    private readonly lines: LineCounter,
  ) {}

  /** The place of a range of the text, cut to its first line. */
  place(start: number, end: number): Place & { kind: 'text' } {
    const { line, col } = this.lines.linePos(start);
    const lineStart = this.lines.lineStarts[line - 1] ?? 0;
    const newline = this.text.indexOf('\n', lineStart);
    const source = this.text.slice(lineStart, newline < 0 ? undefined : newline).replace(/\r$/, '');
    const written = this.text.slice(start, Math.min(end, lineStart + source.length)).trimEnd();
    return { kind: 'text', file: this.file, line, column: col, length: Math.max(1, written.length), source };
  }
}

class Reader {
  readonly problems: UserError[] = [];
  private aliased = 0;
  /** Nodes that are being read, to notice an anchor inside itself. */
  private readonly open = new Set<Node>();

  constructor(
    private readonly document: Document,
    private readonly source: Source,
  ) {}

  read(node: Node | null, isAliased: boolean): Json {
    if (node === null) return null;
    if (isAliased && ++this.aliased > ALIASED_VALUES_MAX) return null;
    if (isAlias(node)) return this.readAlias(node);
    if (isScalar(node)) return this.readScalar(node);
    if (this.open.has(node)) return null;
    this.open.add(node);
    const value = isSeq(node)
      ? node.items.map((item) => this.read(item as Node | null, isAliased))
      : this.readMap(node as YAMLMap, isAliased);
    this.open.delete(node);
    return value;
  }

  private readAlias(alias: Alias): Json {
    const target = alias.resolve(this.document);
    if (target === undefined) {
      const fix = didYouMean(alias.source, this.anchors()) || `Define it with "&${alias.source}" above this line.`;
      this.problem('RECIPE_ALIAS', `There is no anchor "${alias.source}" above.`, fix, alias);
      return null;
    }
    if (this.open.has(target)) {
      this.problem('RECIPE_ALIAS', `The anchor "${alias.source}" contains itself.`, 'Write the value out.', alias);
      return null;
    }
    const value = this.read(target, true);
    if (this.aliased > ALIASED_VALUES_MAX && !this.problems.some((each) => each.code === 'RECIPE_ALIAS')) {
      const text = `The aliases of this recipe stand for more than ${ALIASED_VALUES_MAX} values.`;
      this.problem('RECIPE_ALIAS', text, 'Write fewer of them; no recipe needs that many.', alias);
    }
    return value;
  }

  private anchors(): string[] {
    const names: string[] = [];
    visit(this.document, { Node: (_, node) => void (node.anchor === undefined ? 0 : names.push(node.anchor)) });
    return names;
  }

  private readScalar(node: Node & { value?: unknown; source?: string }): Json {
    const { value } = node;
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) {
        this.problem(
          'RECIPE_NUMBER',
          `${node.source} is no number that a recipe can hold.`,
          'Write a finite number.',
          node,
        );
        return null;
      }
      if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\w+$/.test(node.source ?? '')) {
        const fix = 'Put it in quotes if it is a text.';
        this.problem('RECIPE_NUMBER', `${node.source} has more digits than a number here can keep.`, fix, node);
      }
    }
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    if (value === null || value === undefined) return null;
    throw new Error(`internal: YAML's core schema gave a ${typeof value}`);
  }

  private readMap(map: YAMLMap, isAliased: boolean): Json {
    const value: { [key: string]: Json } = {};
    const keys = new Map<string, Node>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (isMergeKey(pair)) continue;
      const key = this.keyOf(pair.key);
      if (key === undefined) continue;
      const first = keys.get(key);
      if (first !== undefined) {
        const { line, column } = this.placeOf(first);
        this.problem(
          'RECIPE_DUPLICATE_KEY',
          `"${key}" is here a second time; the first is in line ${line}, column ${column}.`,
          'Keep one of the two.',
          pair.key,
        );
        continue;
      }
      keys.set(key, pair.key);
      value[key] = this.read(pair.value, isAliased);
    }
    for (const merged of this.mergedMaps(map)) {
      const more = this.read(merged, true);
      for (const [key, item] of Object.entries(more as object))
        if (!Object.hasOwn(value, key)) value[key] = item as Json;
    }
    return value;
  }

  /** The mappings that `<<` brings in, in order. */
  private mergedMaps(map: YAMLMap): YAMLMap[] {
    const found: YAMLMap[] = [];
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (!isMergeKey(pair)) continue;
      const given = isSeq(pair.value) ? (pair.value.items as Node[]) : [pair.value];
      for (const each of given) {
        const target = isAlias(each) ? each.resolve(this.document) : each;
        if (isMap(target)) {
          if (!this.open.has(target)) found.push(target);
        } else if (each !== null && !this.problems.some((other) => other.code === 'RECIPE_KEY')) {
          this.problem(
            'RECIPE_KEY',
            '"<<" merges mappings only.',
            'Give it an alias of a mapping, as in `<<: *common`.',
            pair.key,
          );
        }
      }
    }
    return found;
  }

  private keyOf(key: Node | null): string | undefined {
    if (isScalar(key) && key.value !== null) {
      const text = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
      if (text !== '__proto__') return text;
    }
    const target = isAlias(key) ? key.resolve(this.document) : undefined;
    if (isScalar(target) && typeof target.value === 'string') return target.value;
    if (key === null || isScalar(key)) {
      this.problem('RECIPE_KEY', 'This is no possible key.', 'Write a name before the colon.', key);
    } else {
      this.problem('RECIPE_KEY', 'A list or a mapping cannot be a key.', 'Write a name before the colon.', key);
    }
    return undefined;
  }

  locate(path: Path, target: 'key' | 'value'): Place {
    const { node, key, isWhole } = this.find(path);
    if (target === 'key' && key !== null && isWhole) return this.placeOf(key);
    // A value that is written as nothing has no extent: its key shows it better.
    if (node === null || isEmptyRange(node)) return key === null ? this.source.place(0, 1) : this.placeOf(key);
    return this.placeOf(node);
  }

  locateText(path: Path, piece: string, nth: number): Place {
    const { node } = this.find(path);
    const range = node?.range;
    if (range === null || range === undefined) return this.locate(path, 'value');
    let at = range[0] - 1;
    for (let i = 0; i <= nth; i++) {
      at = this.source.text.indexOf(piece, at + 1);
      if (at < 0 || at >= range[1]) return this.placeOf(node!);
    }
    return this.source.place(at, at + piece.length);
  }

  /** The node at a path or at its nearest ancestor, and the key that leads to it. */
  private find(path: Path): { node: Node | null; key: Node | null; isWhole: boolean } {
    let node = this.document.contents as Node | null;
    let key: Node | null = null;
    for (const part of path) {
      const here: Node | null = isAlias(node) ? (node.resolve(this.document) ?? null) : node;
      if (isSeq(here) && typeof part === 'number' && part < here.items.length) {
        node = here.items[part] as Node | null;
        key = null;
        continue;
      }
      const pair = isMap(here) ? this.pairOf(here, String(part)) : undefined;
      if (pair === undefined) return { node, key, isWhole: false };
      node = pair.value;
      key = pair.key;
    }
    return { node, key, isWhole: true };
  }

  private pairOf(map: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const written = isAlias(pair.key) ? pair.key.resolve(this.document) : pair.key;
      if (!isMergeKey(pair) && isScalar(written) && (written.value === key || written.source === key)) return pair;
    }
    for (const merged of this.mergedMaps(map)) {
      const pair = this.pairOf(merged, key);
      if (pair !== undefined) return pair;
    }
    return undefined;
  }

  private placeOf(node: Node): Place & { kind: 'text' } {
    const range = node.range ?? [0, 1, 1];
    return this.source.place(range[0], Math.max(range[1], range[0] + 1));
  }

  private problem(code: string, problem: string, fix: string, node: Node | null): void {
    const place = node === null ? this.source.place(0, 1) : this.placeOf(node);
    this.problems.push(new UserError(code, problem, fix, { place, class: 'usage' }));
  }
}

function isMergeKey(pair: Pair<Node, Node | null>): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN';
}

function isEmptyRange(node: Node): boolean {
  return node.range === null || node.range === undefined || node.range[0] === node.range[1];
}
