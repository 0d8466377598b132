/** The value that a mapping itself has under a name: one called "constructor" has others' otherwise. */
export function own<T>(mapping: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(mapping, name) ? mapping[name] : undefined;
}
