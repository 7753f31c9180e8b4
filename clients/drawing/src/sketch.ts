import type { DrawingContent, Stroke } from 'onestroke-client';
import { between, minus, size } from './curve.js';
import { maxCoordinate, maxPoints, maxStrokePoints, maxStrokes, maxTime } from './limits.js';
import { papers, shorterSide } from './palette.js';
import { isStraight, thinned } from './simplify.js';
import { endOf } from './timeline.js';
import type { Place } from './view.js';

/** Where a finger, a pen or a mouse was, in canvas units. */
export interface Point extends Place {
  /** In milliseconds, by any clock. */
  time: number;
  /** 0 to 1, if the device reports it. Either all points of a stroke have it, or none. It is seen as width. */
  pressure?: number;
}

/** A place of the end of a stroke that may still change. */
export interface TipPlace extends Place {
  pressure?: number;
}

/** The look of a stroke. */
export type Style = Pick<Stroke, 'tool' | 'color' | 'width'>;

/** The pause that a replay shows before the strokes that were added to an opened drawing, in milliseconds. */
const pauseBefore = 1_000;
/** A stroke begins only if there is room for this many points, so that its shape can be kept. */
const leastPoints = 500;
/** The part of a limit at which the drawing is nearly full. */
const nearly = 0.9;
/** The pressure of a brush where it touches the paper. */
const firstPressure = 0.5;
/** A brush presses half as hard when it crosses the shorter side of the canvas in this time, in milliseconds. */
const halfSpeed = 1_000;
/** How long a brush takes to follow a change of speed, in milliseconds. */
const inertia = 80;
/** The most points that wait to be left out because the line may be straight. */
const mostPending = 32;

/**
 * A drawing in progress. Strokes are smooth: points are added where the line bends, so that it looks right wherever
 * straight lines are drawn from point to point. Points too close to the one before, and points within a tenth of a unit
 * of a straight line, are left out. A stroke that reaches a limit of the contract loses the points that change its line
 * least, and continues.
 *
 * The values of `content` never change. `current` grows at its end; when it loses points it is a new object.
 */
export class Sketch {
  private base: DrawingContent;
  private drawn: DrawingContent;
  private past: Stroke[][] = [];
  private future: Stroke[][] = [];
  private stroke: Stroke | undefined;
  /** The last point of the stroke. */
  private anchor: Point | undefined;
  /** The points after `anchor`. As long as the line is straight, only the last of them becomes part of the stroke. */
  private pending: Point[] = [];
  /** The last two points of the finger that are part of the line. */
  private last: Point | undefined;
  private before: Point | undefined;
  /** The point after them. It becomes part of the line when the next point is known, which decides how the line bends. */
  private newest: Point | undefined;
  /** Where the finger is. */
  private finger: Point | undefined;
  /** The places that the device predicts next. */
  private expected: readonly Place[] = [];
  /** Whether the pressure of the stroke follows from its speed. */
  private brush = false;
  /** The clock's time when the drawing began. */
  private origin: number | undefined;
  private listeners = new Set<() => void>();

  constructor(content: DrawingContent = { format: 1, canvas: papers.portrait, strokes: [] }) {
    this.base = content;
    this.drawn = content;
  }

  /** The drawing without the current stroke. The service refuses it as long as it has no strokes. */
  get content(): DrawingContent {
    return this.drawn;
  }

  /** The stroke that is being drawn. */
  get current(): Stroke | undefined {
    return this.stroke;
  }

  /** Whether this is a drawing of one stroke that has its stroke. */
  get finished(): boolean {
    return !!this.drawn.oneStroke && this.drawn.strokes.length > 0;
  }

  /** The part of the stroke that may still change: from the end of `current` to the finger and the predicted places. */
  get tip(): readonly TipPlace[] {
    const { anchor, pending, newest, finger, expected } = this;
    return [anchor, ...pending, newest, finger, ...expected].filter((place): place is TipPlace => !!place);
  }

  /** Whether there is no room for another stroke. The current stroke can always continue. */
  get full(): boolean {
    return this.drawn.strokes.length >= maxStrokes || this.room() < leastPoints;
  }

  /** Whether the drawing or the current stroke is close to a limit. */
  get nearlyFull(): boolean {
    const { strokes } = this.drawn;
    const own = this.stroke ? this.stroke.x.length : 0;
    return (
      strokes.length >= nearly * maxStrokes ||
      own >= nearly * maxStrokePoints ||
      maxPoints - this.room() + own >= nearly * maxPoints
    );
  }

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /**
   * The finger touches the canvas. Returns false, and begins no stroke, if the drawing is full or finished or another
   * stroke is being drawn. With `brush`, and without a device that reports pressure, the line is thinner where the
   * finger is faster.
   */
  begin(point: Point, { tool, color, width }: Style, brush = false): boolean {
    if (this.stroke || this.finished || this.full) return false;
    this.brush = brush && point.pressure === undefined;
    if (this.brush) point = { ...point, pressure: firstPressure };
    const { strokes } = this.drawn;
    const end = endOf(strokes);
    // After `undo` of `clear`, after `replace`, or by a clock that was set back it would be earlier than those before.
    if (this.origin === undefined || !strokes.length || point.time - this.origin < end)
      this.origin = point.time - (strokes.length ? end + pauseBefore : 0);
    this.stroke = { tool, color, width, x: [], y: [], t: [] };
    if (point.pressure !== undefined) this.stroke.p = [];
    this.take(point);
    this.last = this.finger = point;
    this.changed();
    return true;
  }

  /** The finger has moved over these points. The device predicts `expected` as the next places. */
  extend(points: readonly Point[], expected: readonly Place[] = []): void {
    if (!this.stroke) return;
    const step = Math.max(1, shorterSide(this.drawn.canvas) / 300);
    for (const reported of points) {
      const point = this.brush ? { ...reported, pressure: this.pressureAt(reported) } : reported;
      this.finger = point;
      if (size(minus(point, this.newest || this.last!)) < step) continue;
      if (this.newest) this.settle(point);
      this.newest = point;
    }
    this.expected = expected;
    this.changed();
  }

  /** The finger is lifted, or the system cancels the touch. Returns whether a stroke was added. */
  end(): boolean {
    if (!this.stroke) return false;
    const { finger } = this;
    if (finger !== this.newest && finger !== this.last) {
      if (this.newest) this.settle(finger);
      this.newest = finger;
    }
    if (this.newest) this.settle(undefined);
    const [end] = this.pending.slice(-1);
    if (end) this.take(end);
    const { stroke } = this;
    this.forget();
    this.change(this.drawn.strokes.concat([stroke]));
    return true;
  }

  /** Drops the current stroke: the touch was a palm, or the first of two fingers. */
  cancel(): void {
    this.forget();
    this.changed();
  }

  /** Undoes the last stroke, or `clear`. */
  undo(): void {
    this.step(this.past, this.future);
  }

  redo(): void {
    this.step(this.future, this.past);
  }

  /** Removes all strokes; `undo` restores them. */
  clear(): void {
    this.forget();
    if (this.drawn.strokes.length) this.change([]);
    else this.changed();
  }

  /** Makes it a drawing of one stroke, or one of many. Returns false, and changes nothing, if it has too many strokes. */
  limitToOneStroke(oneStroke: boolean): boolean {
    if (oneStroke && this.drawn.strokes.length + (this.stroke ? 1 : 0) > 1) return false;
    this.base = { ...this.base, oneStroke };
    this.show(this.drawn.strokes);
    return true;
  }

  /**
   * Shows what the drawing has become elsewhere; no change before that can be undone. The current stroke goes on in it,
   * but is dropped if the drawing has no room for it now.
   */
  replace(content: DrawingContent): void {
    this.base = this.drawn = content;
    this.past = [];
    this.future = [];
    if (this.finished || this.full) this.forget();
    this.changed();
  }

  rename(title: string): void {
    this.base = { ...this.base, title };
    this.show(this.drawn.strokes);
  }

  /** Calls `listener` after each change. Returns a function that ends this. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** The pressure of a brush that moves from where the finger was to this point: less the faster it is, and never in leaps. */
  private pressureAt(point: Point): number {
    const { pressure = firstPressure, ...before } = this.finger!;
    const time = point.time - before.time;
    if (time <= 0) return pressure;
    const speed = size(minus(point, before)) / shorterSide(this.drawn.canvas) / time;
    return pressure + (1 / (1 + speed * halfSpeed) - pressure) * (1 - Math.exp(-time / inertia));
  }

  /** How many points a new stroke may have. */
  private room(): number {
    return maxPoints - this.drawn.strokes.reduce((sum, { x }) => sum + x.length, 0);
  }

  /** Adds the newest point to the line, and the points between. */
  private settle(next: Point | undefined): void {
    const [from, to] = [this.last!, this.newest!];
    const tolerance = shorterSide(this.drawn.canvas) / 4_000;
    for (const { part, x, y } of between(this.before, from, to, next, tolerance)) {
      const mix = (a: number, b: number) => a + (b - a) * part;
      const pressure =
        from.pressure === undefined || to.pressure === undefined ? undefined : mix(from.pressure, to.pressure);
      this.add({ x, y, time: mix(from.time, to.time), pressure });
    }
    this.add(to);
    this.before = from;
    this.last = to;
    this.newest = undefined;
  }

  private add(point: Point): void {
    const [end] = this.pending.slice(-1);
    if (end && (this.pending.length === mostPending || !isStraight(this.anchor!, this.pending, point))) this.take(end);
    this.pending.push(point);
  }

  private take(point: Point): void {
    const { x, y, time, pressure } = point;
    const stroke = this.stroke!;
    const t = stroke.t!;
    stroke.x.push(whole(x, -maxCoordinate, maxCoordinate));
    stroke.y.push(whole(y, -maxCoordinate, maxCoordinate));
    t.push(whole(time - this.origin!, t[t.length - 1] || 0, maxTime));
    if (stroke.p) stroke.p.push(whole((pressure || 0) * 255, 0, 255));
    this.anchor = point;
    this.pending = [];
    if (stroke.x.length >= Math.min(maxStrokePoints, this.room())) this.stroke = thinned(stroke);
  }

  private forget(): void {
    this.stroke = this.anchor = this.last = this.before = this.newest = this.finger = undefined;
    this.pending = [];
    this.expected = [];
  }

  private change(strokes: Stroke[]): void {
    this.past.push(this.drawn.strokes);
    this.future = [];
    this.show(strokes);
  }

  private step(from: Stroke[][], to: Stroke[][]): void {
    this.forget();
    const strokes = from.pop();
    if (!strokes) return this.changed();
    if (strokes.length > 1) this.base = { ...this.base, oneStroke: false };
    to.push(this.drawn.strokes);
    this.show(strokes);
  }

  private show(strokes: Stroke[]): void {
    this.drawn = { ...this.base, strokes };
    this.changed();
  }

  private changed(): void {
    this.listeners.forEach(listener => listener());
  }
}

function whole(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.round(value), least), most);
}
