import type { Place } from './view.js';

/** A turn that is sharper than this is a corner, and stays one. In radians. */
const corner = Math.PI / 3;
/** The most points that are added between two. */
const mostBetween = 15;

/**
 * Points of the smooth line through a, b, c and d that lie between b and c, each with the part of the way from b to c
 * (0 to 1). There are as many points as are needed to keep straight lines between them within `tolerance` of the
 * smooth line; none where it is straight. Without a or d the line begins at b or ends at c.
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
  // A cubic Hermite curve, given by its velocities at both ends.
  const from = out || free(way, into);
  const to = into || free(way, out);
  // n straight lines stay within bend / (4 n²) of it: its second derivative is largest at one of the ends.
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
 * directions, weighted so that the shorter step counts more. Undefined at a corner.
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

/** The velocity at the first or last point of a line. */
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
