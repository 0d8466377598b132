import { runInNewContext } from 'node:vm';

/**
 * Those of the texts in which an expression finds something; null if it looked for more than two seconds.
 * Expressions come from recipes and names from models, and some pairs of them, such as (a+)+$ and aaaa…b, take longer than
 * anybody lives. V8 looks at the time limit of a script while an expression backtracks, and nowhere else.
 */
export function matchingTexts(expression: RegExp, texts: readonly string[]): ReadonlySet<string> | null {
  const context = { expression, texts };
  try {
    return new Set(runInNewContext('texts.filter((text) => expression.test(text))', context, { timeout: LIMIT_MS }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  }
}

const LIMIT_MS = 2000;
