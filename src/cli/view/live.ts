import { Listr, ListrTaskState } from 'listr2';
import type { StageStatus } from '../../artifacts/run-record.js';
import type { Paint } from '../../report/paint.js';
import type { RunEvent } from '../../run/events.js';
import { continued, printable } from '../printable.js';
import type { Terminal } from '../terminal.js';
import { endLine } from './end-line.js';
import { progressLine } from './progress-line.js';
import { isShown, type LogLevel, type View } from './view.js';

/** The stages as a list that is redrawn: which wait, which run and how far they are, which are done. */
export function liveView(terminal: Terminal, level: LogLevel): View {
  const rows = new Map<string, Row>();
  const messages: string[] = [];
  let listr: Listr | undefined;
  let rendered: Promise<unknown> = Promise.resolve();

  function start(event: RunEvent & { type: 'run-start' }): void {
    listr = new Listr([], {
      concurrent: true,
      exitOnError: false,
      // The command decides what Ctrl-C does.
      registerSignalListeners: false,
      renderer: 'default',
      rendererOptions: { collapseSkips: false, collapseErrors: false, showErrorMessage: false },
    });
    const width = Math.max(...event.cells.map((cell) => cell.id.length));
    for (const cell of event.cells) {
      const after = cell.dependsOn.length === 0 ? '' : ` ${terminal.paint.dim(`after ${cell.dependsOn.join(', ')}`)}`;
      const head = `${cell.id.padEnd(width)}  `;
      rows.set(cell.id, addRow(listr, { head, about: `${cell.uses}${after}`, paint: terminal.paint }));
    }
    rendered = listr.run();
  }

  function show(event: RunEvent): void {
    switch (event.type) {
      case 'run-start':
        start(event);
        break;
      case 'stage-start':
        rows.get(event.cell)?.showStarted();
        break;
      case 'stage-progress':
        rows.get(event.cell)?.showProgress(event.fraction, event.values);
        break;
      case 'stage-log':
        // The line below a stage is for its progress; what else it tells is in the log file.
        if (event.level === 'warn' && isShown('warn', level))
          messages.push(`${event.cell}: warning: ${continued(event.message)}`);
        break;
      case 'stage-end':
        rows.get(event.cell)?.showEnd(event.record.status, endLine(event.record).split('\n', 1)[0]!);
        break;
      case 'warning':
        if (isShown('warn', level)) messages.push(`warning: ${continued(event.message)}`);
        break;
    }
  }

  return {
    listener: show,
    async close() {
      for (const row of rows.values()) row.showEnd('cancelled', 'cancelled');
      await rendered;
      for (const message of messages) terminal.err(message);
    },
  };
}

interface Row {
  showStarted(): void;
  showProgress(fraction: number, values: Readonly<Record<string, number>>): void;
  /** The first call counts. */
  showEnd(status: StageStatus, text: string): void;
}

/** listr2 writes to the terminal itself: what it gets has to be printable. */
function addRow(
  listr: Listr,
  { head, about, paint }: { readonly head: string; readonly about: string; readonly paint: Paint },
): Row {
  let state = ListrTaskState.WAITING;
  let isListed = false;
  let isEnded = false;
  let startedAt = 0;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  listr.add({
    title: printable(head + about, paint),
    task: async (_, wrapper) => {
      isListed = true;
      // listr2 takes everything for started; what waits for its turn must not spin.
      task.state$ = state;
      await ended;
      if (state === ListrTaskState.SKIPPED) wrapper.skip();
      if (state === ListrTaskState.FAILED) throw new Error('failed');
    },
  });
  const task = listr.tasks.at(-1)!;
  const show = (next: ListrTaskState) => {
    state = next;
    // Before it lists a task, listr2 needs to find it in its first state.
    if (isListed) task.state$ = next;
  };
  return {
    showStarted() {
      startedAt = performance.now();
      show(ListrTaskState.STARTED);
    },
    showProgress(fraction, values) {
      task.output$ = printable(progressLine(fraction, values, performance.now() - startedAt), paint);
    },
    showEnd(status, text) {
      if (isEnded) return;
      isEnded = true;
      task.title$ = printable(head + text, paint);
      show(END_STATES[status]);
      end();
    },
  };
}

const END_STATES: Readonly<Record<StageStatus, ListrTaskState>> = {
  ran: ListrTaskState.COMPLETED,
  cached: ListrTaskState.COMPLETED,
  failed: ListrTaskState.FAILED,
  skipped: ListrTaskState.SKIPPED,
  cancelled: ListrTaskState.SKIPPED,
};
