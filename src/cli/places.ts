import { resolve } from 'node:path';

/** Where runs are recorded: beside what the command is called in, whatever cache it uses. */
export function runsFolder(): string {
  return resolve('.lathe', 'runs');
}
