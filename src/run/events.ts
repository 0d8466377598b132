import type { RunRecord, StageRecord } from '../artifacts/run-record.js';
import type { Json } from '../core/canonical-json.js';

/** What a run tells its listeners; terminal, log and report only listen. */
export type RunEvent =
  | {
      readonly type: 'run-start';
      readonly runId: string;
      readonly folder: string;
      readonly cells: readonly {
        readonly id: string;
        readonly uses: string;
        readonly dependsOn: readonly string[];
        readonly isMeasure: boolean;
      }[];
    }
  | { readonly type: 'stage-start'; readonly cell: string; readonly key: string; readonly why: string }
  | {
      readonly type: 'stage-progress';
      readonly cell: string;
      readonly fraction: number;
      readonly values: Readonly<Record<string, number>>;
    }
  | {
      readonly type: 'stage-log';
      readonly cell: string;
      readonly level: 'debug' | 'info' | 'warn';
      readonly message: string;
      readonly details: Readonly<Record<string, Json>>;
    }
  | { readonly type: 'stage-end'; readonly cell: string; readonly record: StageRecord }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'export'; readonly name: string; readonly path: string; readonly bytes: number }
  | { readonly type: 'run-end'; readonly record: RunRecord };

export type Listener = (event: RunEvent) => void;
