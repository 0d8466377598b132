import { Listr, ListrTaskState } from 'listr2';
import type { RunEvent } from '../../run/events.js';
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
      rows.set(cell.id, addRow(listr, head, `${cell.uses}${after}`));
    }
    rendered = listr.run();
    // listr2 takes everything for started; what waits for its turn must not spin.
    setImmediate(() => {
      for (const row of rows.values()) row.showWaiting();
    });
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
        if (event.level === 'warn' && isShown('warn', level)) messages.push(`${event.cell}: warning: ${event.message}`);
        else if (isShown(event.level, level)) rows.get(event.cell)?.showOutput(event.message);
        break;
      case 'stage-end':
        rows.get(event.cell)?.showEnd(event.record.status, endLine(event.record).split('\n', 1)[0]!);
        break;
      case 'warning':
        if (isShown('warn', level)) messages.push(`warning: ${event.message}`);
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
  showWaiting(): void;
  showStarted(): void;
  showProgress(fraction: number, values: Readonly<Record<string, number>>): void;
  showOutput(text: string): void;
  /** The first call counts. */
  showEnd(status: 'ran' | 'cached' | 'failed' | 'skipped' | 'cancelled', text: string): void;
}

function addRow(listr: Listr, head: string, about: string): Row {
  let finish: (state: ListrTaskState) => void = () => {};
  let final: ListrTaskState | undefined;
  let startedAt: number | undefined;
  const ended = new Promise<ListrTaskState>((resolve) => {
    finish = resolve;
  });
  listr.add({
    title: head + about,
    task: async (_, task) => {
      const state = await ended;
      if (state === ListrTaskState.SKIPPED) task.skip();
      if (state === ListrTaskState.FAILED) throw new Error('failed');
    },
  });
  const task = listr.tasks.at(-1)!;
  return {
    showWaiting() {
      if (startedAt === undefined && final === undefined) task.state$ = ListrTaskState.WAITING;
    },
    showStarted() {
      startedAt = performance.now();
      task.state$ = ListrTaskState.STARTED;
    },
    showProgress(fraction, values) {
      task.output$ = progressLine(fraction, values, performance.now() - (startedAt ?? performance.now()));
    },
    showOutput(text) {
      task.output$ = text;
    },
    showEnd(status, text) {
      if (final !== undefined) return;
      final =
        status === 'failed'
          ? ListrTaskState.FAILED
          : status === 'ran' || status === 'cached'
            ? ListrTaskState.COMPLETED
            : ListrTaskState.SKIPPED;
      task.title$ = head + text;
      finish(final);
    },
  };
}
