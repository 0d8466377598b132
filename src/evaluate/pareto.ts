/**
 * Which points are not dominated: no other one is at least as good in every objective and better in one.
 * Equal points are on the front together.
 * @param costs one row a point, the smaller the better in every column
 * @returns indices into `costs`, ascending. Takes time with the square of the number of points.
 */
export function paretoFront(costs: readonly (readonly number[])[]): number[] {
  return costs.flatMap((point, index) => (costs.some((other) => dominates(other, point)) ? [] : [index]));
}

function dominates(one: readonly number[], other: readonly number[]): boolean {
  return one.every((cost, at) => cost <= other[at]!) && one.some((cost, at) => cost < other[at]!);
}

/**
 * The point of a front at which a further gain in one objective costs the most in the others: with every objective
 * scaled to 0..1 over the front, the one with the smallest sum. With two objectives it is the point that lies farthest
 * inside the straight line between the front's ends. Of equal ones the first.
 * Source: Das 1999, "On characterizing the 'knee' of the Pareto curve based on normal-boundary intersection".
 * @param front costs of the points of a front, at least one
 * @returns index into `front`
 */
export function kneeOf(front: readonly (readonly number[])[]): number {
  const [first = []] = front;
  const lows = first.map((_, at) => Math.min(...front.map((point) => point[at]!)));
  const spans = first.map((_, at) => Math.max(...front.map((point) => point[at]!)) - lows[at]!);
  const sums = front.map((point) =>
    point.reduce((sum, cost, at) => sum + (spans[at] === 0 ? 0 : (cost - lows[at]!) / spans[at]!), 0),
  );
  const smallest = Math.min(...sums);
  return sums.findIndex((sum) => sum <= smallest + KNEE_SLACK);
}

// On a straight front all sums are 1, but for rounding: the first must win whatever the rounding.
const KNEE_SLACK = 1e-12;
