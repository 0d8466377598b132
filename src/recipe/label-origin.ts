// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import type { Json } from '../core/canonical-json.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import type { Path } from '../core/path.js';
import { agree, type Labels, type LabelValue } from './labels.js';

/**
 * Where a value of a cell was written: for a reference to its matrix the place of the value there, or in the parameter that
 * the matrix refers to; for anything else the path itself.
 * @param document the recipe as written
 * @param labels those of the cell
 */
export function originOf(document: Json, path: Path, labels: Labels): Path {
  const [section, index] = path;
  const text = valueAt(document, path);
  const name = typeof text === 'string' ? referenced('matrix', text) : undefined;
  if (section !== 'stages' || name === undefined || !Object.hasOwn(labels, name)) return path;
  return new Origin(document, labels, name).in(index as number) ?? path;
}

class Origin {
  private readonly value: LabelValue;
  private readonly seen = new Set<number>();

  constructor(
    private readonly document: Json,
    private readonly labels: Labels,
    private readonly name: string,
  ) {
    this.value = labels[name]!;
  }

  /** In the matrix of a stage, or in that of the stage that it follows. */
  in(index: number): Path | undefined {
    this.seen.add(index);
    const stage = valueAt(this.document, ['stages', index]);
    if (!isJsonMapping(stage)) return undefined;
    const at = ['stages', index, 'matrix'];
    const matrix = isJsonMapping(stage.matrix) ? stage.matrix : {};
    if (Object.hasOwn(matrix, this.name)) {
      const listed = this.inList(matrix[this.name]!, [...at, this.name]);
      if (listed !== undefined) return listed;
    }
    return this.inEntries(matrix.include, [...at, 'include']) ?? this.inFollowed(stage.each);
  }

  private inList(list: Json, at: Path): Path | undefined {
    if (typeof list === 'string') {
      const name = referenced('params', list);
      const declared = name === undefined ? undefined : valueAt(this.document, ['params', name]);
      // What --set gave stands nowhere in the file.
      return (declared === undefined ? undefined : this.inList(declared, ['params', name!])) ?? at;
    }
    if (!Array.isArray(list)) return undefined;
    const place = list.findIndex((item) => this.isValue(item));
    return place < 0 ? undefined : [...at, place];
  }

  private inEntries(entries: Json | undefined, at: Path): Path | undefined {
    if (!Array.isArray(entries)) return undefined;
    const place = entries.findIndex(
      (entry) => isJsonMapping(entry) && this.isValue(entry[this.name]) && agree(entry as Labels, this.labels),
    );
    return place < 0 ? undefined : [...at, place, this.name];
  }

  private inFollowed(id: Json | undefined): Path | undefined {
    const stages = valueAt(this.document, ['stages']);
    if (id === undefined || !Array.isArray(stages)) return undefined;
    const index = stages.findIndex((stage) => isJsonMapping(stage) && stage.id === id);
    return index < 0 || this.seen.has(index) ? undefined : this.in(index);
  }

  private isValue(item: Json | undefined): boolean {
    return (
      item !== undefined &&
      (item === null || typeof item !== 'object') &&
      agree({ [this.name]: item as LabelValue }, { [this.name]: this.value })
    );
  }
}

/** The name in a text that is nothing but a reference to it. */
function referenced(space: 'matrix' | 'params', text: string): string | undefined {
  const [, found, name] = /^\s*\$\{\{\s*(\w+)\.([\w-]+)\s*\}\}\s*$/.exec(text) ?? [];
  return found === space ? name : undefined;
}

function valueAt(value: Json, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Readonly<Record<string | number, Json>>)[part];
  }
  return here;
}
