import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Place } from '../core/errors.js';
import type { Path } from '../core/path.js';
import type { SourceText } from './source-text.js';
import type { Aliases } from './yaml-aliases.js';
import { isMergeKey, mergedValues } from './yaml-merge.js';

/** Where the values of a document stand. No mapping of the document may be merged into itself. */
export class ValuePlaces {
  constructor(
    private readonly document: Document,
    private readonly source: SourceText,
    private readonly aliases: Aliases,
  ) {}

  private readonly pairs = new Map<YAMLMap, ReadonlyMap<unknown, Pair<Node, Node | null>>>();

  locate(path: Path, target: 'key' | 'value'): Place {
    const { node, key, isWhole } = this.find(path);
    if (target === 'key' && key !== null && isWhole) return this.source.placeOf(key);
    // A value that is written as nothing has no extent: its key shows it better.
    if (node === null || isEmptyRange(node)) return key === null ? this.source.place(0, 1) : this.source.placeOf(key);
    return this.source.placeOf(node);
  }

  locateText(path: Path, piece: string, nth: number): Place {
    const { node } = this.find(path);
    const range = node?.range;
    if (range === null || range === undefined) return this.locate(path, 'value');
    let at = range[0] - 1;
    for (let i = 0; i <= nth; i++) {
      at = this.source.text.indexOf(piece, at + 1);
      if (at < 0 || at >= range[1]) return this.source.placeOf(node!);
    }
    return this.source.place(at, at + piece.length);
  }

  /** The node at a path or at its nearest ancestor, and the key that leads to it. */
  private find(path: Path): { node: Node | null; key: Node | null; isWhole: boolean } {
    let node = this.document.contents;
    let key: Node | null = null;
    for (const part of path) {
      const here: Node | null = isAlias(node) ? (this.aliases.targetOf(node) ?? null) : node;
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
    const own = this.ownPairs(map).get(key);
    if (own !== undefined) return own;
    for (const { target: merged } of mergedValues(map, this.aliases)) {
      if (!isMap(merged)) continue;
      const pair = this.pairOf(merged, key);
      if (pair !== undefined) return pair;
    }
    return undefined;
  }

  /** The pairs of a mapping by their keys, as values and as they are written; the first of equal ones. */
  private ownPairs(map: YAMLMap): ReadonlyMap<unknown, Pair<Node, Node | null>> {
    const known = this.pairs.get(map);
    if (known !== undefined) return known;
    const pairs = new Map<unknown, Pair<Node, Node | null>>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const written = isAlias(pair.key) ? this.aliases.targetOf(pair.key) : pair.key;
      if (isMergeKey(pair) || !isScalar(written)) continue;
      for (const name of [written.value, written.source]) if (!pairs.has(name)) pairs.set(name, pair);
    }
    this.pairs.set(map, pairs);
    return pairs;
  }
}

function isEmptyRange(node: Node): boolean {
  return node.range === null || node.range === undefined || node.range[0] === node.range[1];
}
