import { distance } from 'fastest-levenshtein';

/** The candidate that a typo most likely meant, or undefined if none is close (a third of its length, at least 2 edits). */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    // Of two equally near words the one of the same length is a slip, the other one an abbreviation.
    const isCloserInLength =
      best !== undefined && Math.abs(candidate.length - word.length) < Math.abs(best.length - word.length);
    if (edits < bestDistance || (edits === bestDistance && isCloserInLength)) {
      best = candidate;
      bestDistance = edits;
    }
  }
  const limit = Math.max(2, Math.floor(word.length / 3));
  return best !== undefined && bestDistance <= limit && bestDistance < Math.max(word.length, best.length)
    ? best
    : undefined;
}
