/**
 * Names of a graph so that each comes after those that it depends on; the given order among independent ones.
 * @param dependencies name → names; names that are not in `names` are ignored
 */
export function topologicalOrder(
  names: readonly string[],
  dependencies: ReadonlyMap<string, readonly string[]>,
): string[] {
  const positions = new Map(names.map((name, index) => [name, index]));
  const order: string[] = [];
  const done = new Set<string>();
  const visit = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    const others = (dependencies.get(name) ?? []).filter((other) => positions.has(other));
    for (const other of others.sort((a, b) => positions.get(a)! - positions.get(b)!)) visit(other);
    order.push(name);
  };
  for (const name of names) visit(name);
  return order;
}

/** One cycle of every knot in a graph, as names that lead back to the first, which is not repeated at the end. */
export function findCycles(names: readonly string[], dependencies: ReadonlyMap<string, readonly string[]>): string[][] {
  const known = new Set(names);
  const cycles: string[][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const inCycle = new Set<string>();
  const visit = (name: string): void => {
    state.set(name, 'open');
    trail.push(name);
    for (const other of dependencies.get(name) ?? []) {
      if (!known.has(other)) continue;
      if (state.get(other) === 'open') {
        const cycle = trail.slice(trail.indexOf(other));
        if (!cycle.some((each) => inCycle.has(each))) cycles.push(cycle);
        for (const each of cycle) inCycle.add(each);
      } else if (state.get(other) === undefined) visit(other);
    }
    trail.pop();
    state.set(name, 'done');
  };
  for (const name of names) if (state.get(name) === undefined) visit(name);
  return cycles;
}
