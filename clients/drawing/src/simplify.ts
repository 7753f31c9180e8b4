import type { Stroke } from 'onestroke-client';
import type { Place } from './view.js';

/** A place of the pen, with its time in milliseconds and its pressure from 0 to 1. */
interface Moment extends Place {
  time: number;
  pressure?: number;
}

/** How much the line may differ from a point that is left out: in canvas units, milliseconds and parts of full pressure. */
const tolerance = { distance: 0.1, time: 8, pressure: 0.01 };

/** Whether the points between can be left out: the straight line has nearly the same place, time and pressure at each. */
export function isStraight(from: Moment, between: readonly Moment[], to: Moment): boolean {
  return between.every(point => {
    const part = nearest(from, point, to);
    const at = (a = 0, b = 0) => a + (b - a) * part;
    return (
      Math.hypot(at(from.x, to.x) - point.x, at(from.y, to.y) - point.y) <= tolerance.distance &&
      Math.abs(at(from.time, to.time) - point.time) <= tolerance.time &&
      Math.abs(at(from.pressure, to.pressure) - (point.pressure || 0)) <= tolerance.pressure
    );
  });
}

/** The stroke with three quarters of its points. The points that change its line least are left out, but never two neighbours. */
export function thinned(stroke: Stroke): Stroke {
  const { x, y } = stroke;
  const place = (i: number): Place => ({ x: x[i]!, y: y[i]! });
  const candidates: { i: number; deviation: number }[] = [];
  for (let i = 1; i < x.length - 1; i += 2) {
    const [from, point, to] = [place(i - 1), place(i), place(i + 1)];
    const part = nearest(from, point, to);
    const at = (axis: 'x' | 'y') => from[axis] + (to[axis] - from[axis]) * part - point[axis];
    candidates.push({ i, deviation: Math.hypot(at('x'), at('y')) });
  }
  candidates.sort((a, b) => a.deviation - b.deviation);
  const out = new Set(candidates.slice(0, Math.ceil(candidates.length / 2)).map(({ i }) => i));
  const left = (column: number[]) => column.filter((_, i) => !out.has(i));
  const { t, p } = stroke;
  return { ...stroke, x: left(x), y: left(y), ...(t && { t: left(t) }), ...(p && { p: left(p) }) };
}

/** The point of a straight line that is nearest to a place, as a part of its length, from 0 to 1. */
function nearest(from: Place, place: Place, to: Place): number {
  const [wayX, wayY] = [to.x - from.x, to.y - from.y];
  const length = wayX * wayX + wayY * wayY;
  const part = length && ((place.x - from.x) * wayX + (place.y - from.y) * wayY) / length;
  return Math.min(Math.max(part, 0), 1);
}
