import { Contender, TUNED_MALLOC } from './contender.js';

const JITI = `${process.cwd()}/node_modules/jiti/lib/jiti-cli.mjs`;
/** A Python that has PyTorch. */
export const PYTHON = process.env.PYTHON ?? '/usr/bin/python3';

/** Lathe on a subject, one process for each number of cores. @param call.folder a built checkout */
export function latheContenders(call: {
  readonly subject: string;
  readonly cores: readonly string[];
  readonly name?: string;
  readonly folder?: string;
}): Contender[] {
  const { subject, cores, name = 'Lathe', folder = process.cwd() } = call;
  return cores.map(
    (count) =>
      new Contender(
        `${name}, ${plural(count, 'core')}`,
        [process.execPath, JITI, `${folder}/bench/lathe-step.ts`, subject, count],
        TUNED_MALLOC,
      ),
  );
}

/**
 * PyTorch on a subject in all the settings that it is judged at its best of. OpenBLAS with pthreads, which Debian's PyTorch may
 * multiply with, does not hear of PyTorch's number of threads: it is told by itself. One thread of PyTorch with all of BLAS,
 * which is what comes without telling it, is a setting of its own.
 */
export function torchContenders(subject: string): Contender[] {
  const torch = (threads: number, malloc: 'default' | 'tuned', { blas = threads, flags = [] as string[] } = {}) =>
    new Contender(
      [
        'PyTorch',
        plural(threads, 'thread'),
        ...(blas === threads ? [] : [`${blas} of BLAS`]),
        `${malloc} malloc`,
        ...flags,
      ].join(', '),
      [PYTHON, 'bench/torch_step.py', subject, String(threads), ...flags],
      { OPENBLAS_NUM_THREADS: String(blas), ...(malloc === 'tuned' ? TUNED_MALLOC : {}) },
    );
  const settings = [
    torch(1, 'default'),
    torch(1, 'tuned'),
    torch(1, 'tuned', { blas: 2 }),
    torch(2, 'default'),
    torch(2, 'tuned'),
  ];
  // PyTorch's best layout for residual networks, its worst for small ones.
  return subject.startsWith('resnet') ? [...settings, torch(2, 'tuned', { flags: ['channels_last'] })] : settings;
}

function plural(count: number | string, noun: string): string {
  return `${count} ${noun}${Number(count) === 1 ? '' : 's'}`;
}
