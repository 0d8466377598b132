import { isUserError, UserErrors } from '../../../src/core/errors.js';
import type { Fuzzer } from './fuzzer.js';

export type FromWorker =
  | { readonly type: 'begin'; readonly index: number }
  | { readonly type: 'done'; readonly outcome: string; readonly ms: number }
  | {
      readonly type: 'finding';
      readonly index: number;
      readonly problem: string;
      readonly input: { readonly extension: string; readonly base64: string };
    };

interface Work {
  readonly seed: number;
  readonly first: number;
  readonly end: number;
  readonly hangMs: number;
}

/** More than any input of some kilobytes may take, buffers included. */
const MEMORY_MAX = 1_500 * 2 ** 20;

/** Works through the inputs that the parent asks for, tells of each, and ends. */
export async function serve(fuzzer: Fuzzer): Promise<void> {
  const { seed, first, end, hangMs } = await new Promise<Work>((resolve) => process.once('message', resolve));
  for (let index = first; index < end; index++) {
    await tell({ type: 'begin', index });
    const { bytes, context } = fuzzer.make(mixed(seed, index));
    const finding = (problem: string) =>
      tell({
        type: 'finding',
        index,
        problem,
        input: { extension: fuzzer.extension, base64: bytes.toString('base64') },
      });
    const started = performance.now();
    try {
      const outcome = await outcomeOf(fuzzer, bytes, context);
      const ms = performance.now() - started;
      await tell({ type: 'done', outcome, ms });
      if (ms > hangMs) await finding(`it took ${ms.toFixed(0)} ms`);
      if (process.memoryUsage.rss() > MEMORY_MAX) await finding(`it took ${process.memoryUsage.rss()} bytes of memory`);
    } catch (error) {
      await finding(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }
  process.disconnect();
}

/** Told before anything else happens: who is killed has said what it was about to do. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => process.send!(message, () => resolve()));
}

async function outcomeOf(fuzzer: Fuzzer, bytes: Buffer, context: unknown): Promise<string> {
  try {
    return await fuzzer.examine(bytes, context);
  } catch (error) {
    const mistakes = error instanceof UserErrors ? error.errors : [error];
    for (const mistake of mistakes) {
      if (!isUserError(mistake)) throw mistake;
      if (/\n\s+at .+:\d+:\d+/.test(mistake.problem + mistake.fix))
        throw new Error(`a stack in a message: ${mistake.problem}`);
    }
    return `refused: ${(mistakes[0] as { code: string }).code}`;
  }
}

/** Neighbouring seeds of the generator would give similar inputs. */
function mixed(seed: number, index: number): number {
  let x = (seed * 0x9e3779b1 + index) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
