import type { Place } from './view.js';

/** A turn of the line that is sharper than this was meant: a corner stays one. In radians. */
const corner = Math.PI / 3;
/** The most points that are put between two. */
const mostBetween = 15;

/**
 * Where the smooth line through a, b, c and d is between b and c: parts of the
 * way from b to c, between 0 and 1, each with its place. There are as many as it takes that
 * straight lines between them are nowhere further than `tolerance` from the line; none where it is straight.
 *
 * Without a or d the line begins at b or ends at c. None of the four is moved.
 */
export function between(
  a: Place | undefined,
  b: Place,
  c: Place,
  d: Place | undefined,
  tolerance: number,
): (Place & { part: number })[] {
  const way = minus(c, b);
  const out = a && tangent(minus(b, a), way);
  const into = d && tangent(minus(d, c), way);
  // A cubic Hermite curve by its velocities at both ends.
  const from = out || free(way, into);
  const to = into || free(way, out);
  // n straight lines are no further than bend / (4 n²) from it: its second derivative is nowhere larger than at an end.
  const bend = Math.max(bendOf(way, from, to), bendOf(way, to, from));
  const count = Math.min(Math.ceil(Math.sqrt(bend / (4 * tolerance))), mostBetween + 1);
  const places = [];
  for (let i = 1; i < count; i++) {
    const part = i / count;
    const rest = 1 - part;
    const h = part * part * (3 - 2 * part);
    const at = (axis: 'x' | 'y') => b[axis] + h * way[axis] + part * rest * (rest * from[axis] - part * to[axis]);
    places.push({ part, x: at('x'), y: at('y') });
  }
  return places;
}

/**
 * The velocity where two steps meet, for a curve that takes one unit of time for `way`: the mean of both
 * directions, the shorter step counting more. Undefined at a corner.
 */
function tangent(other: Place, way: Place): Place | undefined {
  const length = size(way);
  const otherLength = size(other);
  if (!length || !otherLength) return undefined;
  const cos = (way.x * other.x + way.y * other.y) / (length * otherLength);
  if (cos < Math.cos(corner)) return undefined;
  const share = length / (length + otherLength);
  const at = (axis: 'x' | 'y') => (other[axis] / otherLength) * length * share + way[axis] * (1 - share);
  return { x: at('x'), y: at('y') };
}

/** The velocity at an end that nothing follows: the line runs out straight. */
function free(way: Place, other: Place = way): Place {
  return { x: (3 * way.x - other.x) / 2, y: (3 * way.y - other.y) / 2 };
}

function bendOf(way: Place, near: Place, far: Place): number {
  return Math.hypot(3 * way.x - 2 * near.x - far.x, 3 * way.y - 2 * near.y - far.y);
}

export function minus(a: Place, b: Place): Place {
  return { x: a.x - b.x, y: a.y - b.y };
}

export function size({ x, y }: Place): number {
  return Math.hypot(x, y);
}
