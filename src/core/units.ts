import type { UnitKind } from './schema.js';

/** How to write each unit, for messages. */
export const UNIT_EXAMPLES: Readonly<Record<UnitKind, string>> = {
  bytes: '60k, 1.5M or 2Mi',
  duration: '500ms, 90s, 20m or 1h30m',
  ratio: '0.01 or 1%',
};

const POWERS_OF_TEN: Readonly<Record<string, number>> = { '': 0, k: 3, K: 3, M: 6, G: 9, T: 12 };
const POWERS_OF_TWO: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40 };
const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The number that a text with a unit means, or undefined if it is no such text.
 * bytes: k, M, G, T are powers of 1000, Ki, Mi, Gi, Ti powers of 1024, a B may follow; duration: in ms; ratio: "1%" is 0.01.
 * Decimal factors shift the exponent instead of multiplying, so that "0.7%" is the very number 0.007.
 */
export function parseUnit(text: string, unit: UnitKind): number | undefined {
  switch (unit) {
    case 'bytes': {
      const match = /^(\d+(?:\.\d+)?) ?([kKMGT]?i?)B?$/.exec(text);
      if (match === null) return undefined;
      const [, digits, suffix] = match as unknown as [string, string, string];
      const ten = POWERS_OF_TEN[suffix];
      if (ten !== undefined) return Number(`${digits}e${ten}`);
      const two = POWERS_OF_TWO[suffix];
      return two === undefined ? undefined : Number(digits) * 2 ** two;
    }
    case 'ratio': {
      const match = /^(-?\d+(?:\.\d+)?) ?%$/.exec(text);
      return match === null ? undefined : Number(`${match[1]}e-2`);
    }
    case 'duration': {
      if (!/^(?:\d+(?:\.\d+)? ?(?:ms|s|m|h|d) ?)+$/.test(text)) return undefined;
      let total = 0;
      for (const [, digits, suffix] of text.matchAll(/(\d+(?:\.\d+)?) ?(ms|s|m|h|d)/g)) {
        total += Number(digits) * MS[suffix!]!;
      }
      return total;
    }
  }
}
