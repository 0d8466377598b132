import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findCycles, topologicalOrder } from '../../src/plan/order.js';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
/** Dependencies on earlier names only: no cycle is possible. */
const acyclic = fc
  .tuple(...names.map((_, index) => fc.subarray(names.slice(0, index))))
  .map((lists) => new Map(names.map((name, index) => [name, lists[index]!])));
const order = fc.shuffledSubarray(names, { minLength: names.length });

test('everything comes after what it depends on, each once', () => {
  fc.assert(
    fc.property(acyclic, order, (dependencies, given) => {
      const sorted = topologicalOrder(given, dependencies);
      expect([...sorted].sort()).toEqual(names);
      for (const [name, others] of dependencies) {
        for (const other of others) expect(sorted.indexOf(other)).toBeLessThan(sorted.indexOf(name));
      }
      expect(findCycles(given, dependencies)).toEqual([]);
    }),
  );
});

test('independent names keep their order', () => {
  expect(topologicalOrder(['c', 'a', 'b'], new Map())).toEqual(['c', 'a', 'b']);
  expect(topologicalOrder(['a', 'b', 'c'], new Map([['a', ['c']]]))).toEqual(['c', 'a', 'b']);
});

test('a cycle is found wherever an edge back closes one, and its edges exist', () => {
  fc.assert(
    fc.property(fc.tuple(...names.map(() => fc.subarray(names))), (lists) => {
      const dependencies = new Map(names.map((name, index) => [name, lists[index]!]));
      const cycles = findCycles(names, dependencies);
      for (const cycle of cycles) {
        cycle.forEach((name, index) => {
          expect(dependencies.get(name)).toContain(cycle[(index + 1) % cycle.length]);
        });
      }
      expect(cycles.length > 0).toBe(hasCycle(dependencies));
    }),
  );
});

/** By repeatedly removing names that depend on nothing that is left. */
function hasCycle(dependencies: ReadonlyMap<string, readonly string[]>): boolean {
  let left = [...dependencies.keys()];
  for (;;) {
    const next = left.filter((name) => dependencies.get(name)!.some((other) => left.includes(other)));
    if (next.length === left.length) return left.length > 0;
    left = next;
  }
}
