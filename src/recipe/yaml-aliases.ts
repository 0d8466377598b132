import { type Alias, type Document, type Node, visit } from 'yaml';

/**
 * What the aliases of a document stand for, found in one walk: each means the last node above it that has its anchor.
 * The library's own look-up walks through the document again for every alias.
 */
export class Aliases {
  private readonly targets = new Map<Alias, Node>();
  private readonly anchors = new Map<string, Node>();

  constructor(document: Document) {
    visit(document, {
      Alias: (_, alias) => {
        const target = this.anchors.get(alias.source);
        if (target !== undefined) this.targets.set(alias, target);
      },
      Node: (_, node) => void (node.anchor === undefined ? 0 : this.anchors.set(node.anchor, node)),
    });
  }

  targetOf(alias: Alias): Node | undefined {
    return this.targets.get(alias);
  }

  /** The names of all anchors. */
  names(): string[] {
    return [...this.anchors.keys()];
  }
}
