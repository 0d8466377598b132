import { isAlias, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Aliases } from './yaml-aliases.js';

/** Something that `<<` brings into a mapping. */
export interface Merged {
  /** What an alias stands for, or what is written. */
  readonly target: Node | null;
  readonly written: Node | null;
}

/** What the merge keys of a mapping bring in, in the order in which it counts. */
export function mergedValues(map: YAMLMap, aliases: Aliases): Merged[] {
  return (map.items as Pair<Node, Node | null>[]).filter(isMergeKey).flatMap(({ value }) =>
    (isSeq(value) ? (value.items as Node[]) : [value]).map((written) => ({
      written,
      target: isAlias(written) ? (aliases.targetOf(written) ?? null) : written,
    })),
  );
}

export function isMergeKey(pair: Pair<Node, Node | null>): boolean {
  return isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN';
}
