import type { Dim } from '../ir.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';

/** X [T, N, I] (layout 1: [N, T, I]) → Y [T, D, N, H] ([N, T, D, H]), then the last states [D, N, H] ([N, D, H]). */
const recurrent: ShapeRule = (call) => {
  const x = call.shape(0);
  const hidden: Dim = call.int('hidden_size', 0) || hiddenOf(call);
  const directions = call.string('direction', 'forward') === 'bidirectional' ? 2 : 1;
  const isBatchFirst = call.int('layout', 0) !== 0;
  const [steps, batch] = isBatchFirst ? [x?.[1] ?? null, x?.[0] ?? null] : [x?.[0] ?? null, x?.[1] ?? null];
  const all = isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden];
  const last = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  const dataType = call.dataType(0);
  return [typed(dataType, all), typed(dataType, last), typed(dataType, last)];
};

/** The recurrence weight is [D, gates·H, H]. */
function hiddenOf(call: Call): Dim {
  return call.shape(2)?.[2] ?? null;
}

export const recurrents: RuleTable = { RNN: recurrent, GRU: recurrent, LSTM: recurrent };
