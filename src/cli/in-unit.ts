import { UserError } from '../core/errors.js';
import { parseUnit, UNIT_EXAMPLES } from '../core/units.js';

/** The number that an option of the command line means: bytes, or milliseconds. Throws CLI_UNIT. */
export function inUnit(flag: string, text: string, unit: 'bytes' | 'duration'): number {
  const value = /^\d+$/.test(text) && unit === 'bytes' ? Number(text) : parseUnit(text, unit);
  if (value !== undefined) return value;
  throw new UserError('CLI_UNIT', `${flag} ${text} is not understood.`, `Write for instance ${UNIT_EXAMPLES[unit]}.`, {
    class: 'usage',
  });
}
