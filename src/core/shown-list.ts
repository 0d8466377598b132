/** Names as a message lists them: the first 20, long ones cut, and how many there are beside them. */
export function shownList(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map(shownName).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}

/** A name that comes out of a file, and may be of any length. */
export function shownName(name: string): string {
  return name.length <= NAME_WIDTH ? name : `${name.slice(0, NAME_WIDTH - 1)}…`;
}

const SHOWN = 20;
const NAME_WIDTH = 120;
