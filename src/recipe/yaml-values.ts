import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { didYouMean } from '../core/json-schema/problems.js';
import type { SourceText } from './source-text.js';
import type { Aliases } from './yaml-aliases.js';
import { isMergeKey, mergedValues } from './yaml-merge.js';

/** Values that aliases may bring in altogether: a bomb multiplies them by the billion. */
const ALIASED_VALUES_MAX = 10_000;

/** What a document may hold besides what every recipe may. */
export interface YamlLimits {
  /** The most keys of one mapping. */
  readonly keys: number;
  /** The most words, signs and gaps of the text. */
  readonly parts: number;
  /** Whether whole numbers may have more digits than a number here can keep. */
  readonly hasLongNumbers: boolean;
}

/** Far more than a person writes into one mapping; and what a person writes out is meant to the last digit. */
export const RECIPE_LIMITS: YamlLimits = { keys: 5000, parts: 600_000, hasLongNumbers: false };
/** Mistakes that are looked for; nobody reads further. */
const PROBLEMS_MAX = 1000;

/** Turns the nodes of a YAML document into plain values, and notes what a recipe may not hold. */
export class ValueReader {
  readonly problems: UserError[] = [];
  private aliased = 0;
  /** Nodes that are being read, to notice an anchor inside itself. */
  private readonly open = new Set<Node>();

  constructor(
    private readonly source: SourceText,
    private readonly aliases: Aliases,
    private readonly limits: YamlLimits,
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
    const target = this.aliases.targetOf(alias);
    if (target === undefined) {
      const fix =
        didYouMean(alias.source, this.aliases.names()) || `Define it with "&${alias.source}" above this line.`;
      this.problem('RECIPE_ALIAS', `There is no anchor "${alias.source}" above.`, fix, alias);
      return null;
    }
    if (this.open.has(target)) {
      this.problem('RECIPE_ALIAS', `The anchor "${alias.source}" contains itself.`, 'Write the value out.', alias);
      return null;
    }
    return this.readAliased(target, alias);
  }

  private readAliased(target: Node, written: Node | null): Json {
    const value = this.read(target, true);
    if (this.aliased > ALIASED_VALUES_MAX && !this.isBomb) {
      this.isBomb = true;
      const text = `The aliases of this recipe stand for more than ${ALIASED_VALUES_MAX} values.`;
      this.problem('RECIPE_ALIAS', text, 'Write fewer of them; no recipe needs that many.', written);
    }
    return value;
  }

  private isBomb = false;

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
      const isLong = Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\w+$/.test(node.source ?? '');
      if (isLong && !this.limits.hasLongNumbers) {
        const fix = 'Put it in quotes if it is a text.';
        this.problem('RECIPE_NUMBER', `${node.source} has more digits than a number here can keep.`, fix, node);
      }
    }
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    if (value === null || value === undefined) return null;
    // Of the tags that YAML defines, some stand for what is neither a text nor a number.
    this.problem(
      'RECIPE_TAG',
      `"${(node.tag ?? '').replace('tag:yaml.org,2002:', '!!')}" is no tag that a recipe can hold.`,
      'Write a plain text.',
      node,
    );
    return null;
  }

  private readMap(map: YAMLMap, isAliased: boolean): Json {
    if (map.items.length > this.limits.keys) {
      const text = `This mapping has ${map.items.length} keys; at most ${this.limits.keys} are read.`;
      this.problem('RECIPE_TOO_LARGE', text, 'Keep data in files of their own and name them in the recipe.', map);
      return null;
    }
    const value: { [key: string]: Json } = {};
    const keys = new Map<string, Node>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      if (isMergeKey(pair)) continue;
      const key = this.keyOf(pair.key);
      if (key === undefined) continue;
      const first = keys.get(key);
      if (first !== undefined) {
        const { line, column } = this.source.placeOf(first);
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
    for (const { target: merged, written } of mergedValues(map, this.aliases)) {
      if (!isMap(merged)) {
        const fix = 'Give it an alias of a mapping, as in `<<: *common`.';
        this.problem('RECIPE_KEY', '"<<" merges mappings only.', fix, written);
        continue;
      }
      if (this.open.has(merged)) {
        this.problem('RECIPE_ALIAS', 'This mapping is merged into itself.', 'Write the values out.', written);
        continue;
      }
      const more = this.readAliased(merged, written) ?? {};
      for (const [key, item] of Object.entries(more as object))
        if (!Object.hasOwn(value, key)) value[key] = item as Json;
    }
    return value;
  }

  private keyOf(key: Node | null): string | undefined {
    if (isScalar(key) && key.value !== null) {
      const text = typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
      if (text !== '__proto__') return text;
    }
    const target = isAlias(key) ? this.aliases.targetOf(key) : undefined;
    if (isScalar(target) && typeof target.value === 'string' && target.value !== '__proto__') return target.value;
    if (key === null || isScalar(key) || isScalar(target)) {
      this.problem('RECIPE_KEY', 'This is no possible key.', 'Write a name before the colon.', key);
    } else {
      this.problem('RECIPE_KEY', 'A list or a mapping cannot be a key.', 'Write a name before the colon.', key);
    }
    return undefined;
  }

  private problem(code: string, problem: string, fix: string, node: Node | null): void {
    if (this.problems.length >= PROBLEMS_MAX) return;
    this.problems.push(new UserError(code, problem, fix, { place: this.source.placeOf(node), class: 'usage' }));
  }
}
