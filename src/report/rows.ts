import { alignColumns } from './columns.js';
import type { Paint } from './paint.js';

/** A table as text for a terminal, Markdown for a pull request, or CSV for a program. */
export type RowFormat = 'text' | 'md' | 'csv';

export interface Rows {
  readonly head: readonly string[];
  /** As many cells each as the head has. */
  readonly rows: readonly (readonly string[])[];
  readonly align: readonly ('left' | 'right')[];
}

/** No trailing newline. */
export function formatRows({ head, rows, align }: Rows, format: RowFormat, paint: Paint): string {
  switch (format) {
    case 'text': {
      const [first, ...lines] = alignColumns([head, ...rows], align);
      return [paint.bold(first!), ...lines].join('\n');
    }
    case 'md':
      return [head, align.map((side) => (side === 'left' ? '---' : '---:')), ...rows.map((row) => row.map(markdown))]
        .map((row) => `| ${row.join(' | ')} |`)
        .join('\n');
    case 'csv':
      return csv([head, ...rows]);
  }
}

/** RFC 4180, with line feeds. */
export function csv(rows: readonly (readonly string[])[], separator = ','): string {
  const quoted = (text: string) =>
    /["\r\n]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
  return rows.map((row) => row.map(quoted).join(separator)).join('\n');
}

/** What GitHub would read as the end of a column or as formatting. */
function markdown(text: string): string {
  return text.replace(/[\\|*_`<>[\]]/g, '\\$&').replace(/\r?\n/g, ' ');
}
