/** Names as a message lists them: the first ones, long ones cut, and how many there are beside them. */
export function shownList(names: readonly string[], most = 20): string {
  const shown = names
    .slice(0, most)
    .map((name) => shownName(name))
    .join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** A name that comes out of a file, and may be of any length and of several lines, as one line of at most so many characters. */
export function shownName(name: string, width = NAME_WIDTH): string {
  const line = name.slice(0, width + 1).replace(/\r?\n/g, '\\n');
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

const NAME_WIDTH = 120;
