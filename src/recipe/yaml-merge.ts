import { type Document, isAlias, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';

/** Something that `<<` brings into a mapping. */
export interface Merged {
  /** What an alias stands for, or what is written. */
  readonly target: Node | null;
  readonly written: Node | null;
}

/** What the merge keys of a mapping bring in, in the order in which it counts. */
export function mergedValues(map: YAMLMap, document: Document): Merged[] {
  return (map.items as Pair<Node, Node | null>[]).filter(isMergeKey).flatMap(({ value }) =>
    (isSeq(value) ? (value.items as Node[]) : [value]).map((written) => ({
      written,
      target: isAlias(written) ? (written.resolve(document) ?? null) : written,
    })),
  );
}

export function isMergeKey(pair: Pair<Node, Node | null>): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN';
}
