import { basename } from 'node:path';
import { type LockDifference, lockDifferences } from '../artifacts/lock-differences.js';
import {
  type LockedRuntime,
  type Lockfile,
  lockfileName,
  lockfilePath,
  readLockfile,
  writeLockfile,
} from '../artifacts/lockfile.js';
import { lockfileText } from '../artifacts/lockfile-text.js';
import type { StageRecord } from '../artifacts/run-record.js';
import { Store } from '../artifacts/store.js';
import { type ErrorClass, UserError } from '../core/errors.js';
import { expectedLockfile, keyByLock, lockfileOf } from '../plan/lock.js';
import { type Plan, providersOf } from '../plan/plan.js';
import type { RuntimeFacts } from '../run/runtime-facts.js';
import { keyFunction } from './keys.js';

/** Writes the lockfile of a whole recipe's run; leaves it alone if it says the same already. */
export async function lockRun(plan: Plan, stages: readonly StageRecord[], facts: RuntimeFacts): Promise<void> {
  const text = lockfileText(lockfileOf(plan, stages, lockedRuntime(facts, plan)), basename(plan.recipe.file));
  await writeLockfile(lockfilePath(plan.recipe.file), text);
}

/** The recipe's lockfile. Throws LOCK_MISSING. */
export async function requireLockfile(plan: Plan, errorClass: ErrorClass): Promise<Lockfile> {
  const locked = await readLockfile(lockfilePath(plan.recipe.file));
  if (locked !== null) return locked;
  throw new UserError(
    'LOCK_MISSING',
    `There is no ${lockfileName(plan.recipe.file)} beside the recipe.`,
    'A run of the whole recipe writes it: lathe run without --frozen.',
    { class: errorClass, place: { kind: 'file', file: plan.recipe.file } },
  );
}

export interface Frozen {
  /** What a finished run made otherwise than the lockfile says. */
  review(stages: readonly StageRecord[]): Promise<readonly UserError[]>;
}

export interface FrozenRequest {
  /** All cells of the recipe; plugins of those that do not run are compared as well. */
  readonly whole: Plan;
  /** The cells that run: a part of the lockfile is enough for them. */
  readonly plan: Plan;
  readonly facts: RuntimeFacts;
  /** For telling why a key differs. */
  readonly cacheDir: string;
}

/** Compares a plan with its lockfile. Throws LOCK_MISSING and, for what differs before anything ran, LOCK_FROZEN. */
export async function freeze(request: FrozenRequest): Promise<Frozen> {
  const { whole, plan, facts } = request;
  const locked = await requireLockfile(plan, 'frozen');
  const ids = new Set(plan.cells.map(({ id }) => id));
  const isWhole = plan.cells.length === whole.cells.length;
  const kept = Object.entries(locked.cells).filter(([id]) => isWhole || ids.has(id));
  const part: Lockfile = { ...locked, cells: Object.fromEntries(kept) };
  const before = await planDifferences(part, request);
  if (before.length > 0) throw frozenError(plan, before);
  return {
    async review(stages) {
      const made = { ...lockfileOf(plan, stages, lockedRuntime(facts, whole)), plugins: part.plugins };
      const differences = lockDifferences(part, made);
      return differences.length === 0 ? [] : [frozenError(plan, differences)];
    },
  };
}

/**
 * What a lockfile would say otherwise before anything has run: recipe, software, plugins, cells, options, and each cell's
 * key if the cells before it make what the lockfile says.
 */
export async function planDifferences(
  locked: Lockfile,
  { whole, plan, facts, cacheDir }: FrozenRequest,
): Promise<LockDifference[]> {
  const runtime = lockedRuntime(facts, whole);
  // Another CPU class changes all keys; that is told once, and the keys are compared as if it were the same.
  const keyOf = keyFunction({ ...facts, ...locked.runtime }, plan);
  const expected = expectedLockfile({ whole, plan, runtime }, locked, keyOf);
  const reasons = new Map<string, string>();
  const store = new Store(cacheDir);
  for (const cell of plan.cells) {
    const before = locked.cells[cell.id];
    if (before === undefined || before.key === expected.cells[cell.id]?.key) continue;
    const now = keyByLock(cell, locked, keyOf);
    const earlier = await store.peek(before.key);
    if (earlier === null || now === null) continue;
    const { explainChanges, summarizeChanges } = await import('../plan/explain.js');
    const changes = explainChanges(
      { record: earlier.keyRecord, details: earlier.details ?? null },
      { record: now.record, details: now.details() },
    );
    reasons.set(cell.id, summarizeChanges(changes));
  }
  return lockDifferences(locked, expected, reasons);
}

export function lockedRuntime({ lathe, onnxruntime, cpuClass, gpu }: RuntimeFacts, whole: Plan): LockedRuntime {
  const providers = providersOf(whole);
  const provider = providers.length === 0 ? 'cpu' : providers.join(', ');
  return { lathe, onnxruntime, provider, cpuClass, ...(provider === 'cpu' ? {} : { gpu }) };
}

function frozenError(plan: Plan, differences: readonly LockDifference[]): UserError {
  const shown = differences.slice(0, SHOWN).map(({ text }) => `  ${text}`);
  if (differences.length > shown.length) shown.push(`  … and ${differences.length - shown.length} more`);
  const isElsewhere = differences.some(({ field }) => field.startsWith('runtime.'));
  return new UserError(
    'LOCK_FROZEN',
    [`${lockfileName(plan.recipe.file)} would change:`, ...shown].join('\n'),
    isElsewhere
      ? '`lathe verify` compares with what another machine or version made; without --frozen, the lockfile is written anew.'
      : 'If that is wanted, run without --frozen and commit the new lockfile.',
    { class: 'frozen' },
  );
}

const SHOWN = 40;
