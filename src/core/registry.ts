import { UserError } from './errors.js';
import { nearest } from './nearest.js';

/** Named definitions of one kind (stages, data sets, networks), filled once by the command line. */
export class Registry<T extends { readonly name: string }> {
  private readonly entries = new Map<string, T>();

  /** @param noun how messages call one entry, for instance "stage" */
  constructor(readonly noun: string) {}

  /** Adds a definition. Throws REGISTRY_DUPLICATE if the name is taken. */
  add(definition: T): void {
    if (this.entries.has(definition.name)) {
      throw new UserError(
        'REGISTRY_DUPLICATE',
        `Two plugins define a ${this.noun} named "${definition.name}".`,
        'Rename one of them, or remove its line from plugins.',
        { class: 'usage' },
      );
    }
    this.entries.set(definition.name, definition);
  }

  get(name: string): T | undefined {
    return this.entries.get(name);
  }

  /** All definitions, sorted by name. */
  list(): T[] {
    return [...this.entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** "Did you mean …" for a name that is not there, or the list of what is. */
  suggestion(name: string): string {
    const names = this.list().map((entry) => entry.name);
    const match = nearest(name, names);
    return match === undefined ? `Known: ${names.join(', ')}.` : `Did you mean "${match}"?`;
  }
}
