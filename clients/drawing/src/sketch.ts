import type { DrawingContent, Stroke } from 'onestroke-client';
import { between, minus, size } from './curve.js';
import { maxCoordinate, maxPoints, maxStrokePoints, maxStrokes, maxTime } from './limits.js';
import { papers, shorterSide } from './palette.js';
import { isStraight, thinned } from './simplify.js';
import { endOf } from './timeline.js';
import type { Place } from './view.js';

/** Where a finger, a pen or a mouse was, in canvas units. */
export interface Point extends Place {
  /** By the program's clock, in milliseconds. Where it began does not matter. */
  time: number;
  /** 0 to 1, where the device knows it. Let all points of a stroke have it, or none. */
  pressure?: number;
}

/** How a stroke looks. */
export type Style = Pick<Stroke, 'tool' | 'color' | 'width'>;

export interface SketchOptions {
  /** The drawing ends when the finger lifts: then there is nothing to begin any more. */
  oneStroke?: boolean;
}

/** The pause in time before a drawing that was opened again goes on, in milliseconds. */
const pauseBefore = 1_000;
/** A stroke begins only where there is room for so many points: then its line can always be followed. */
const leastPoints = 500;
/** From this part of a limit on, the drawing is nearly full. */
const nearly = 0.9;
/** The most points that are held back because the line may be straight there. */
const mostPending = 32;

/**
 * A drawing under way. Strokes are smooth: points that are too close to the one before are left out, and where the
 * line bends points are put between, so that it looks the same wherever straight lines are drawn from point to point.
 * Points that a straight line passes within a tenth of a unit are left out. A stroke that reaches a limit of the
 * contract loses points evenly over its whole length and goes on: its line follows the finger to the end.
 *
 * Contents that it has given out never change. `current` grows at its end, until it is another stroke because points
 * were left out of it.
 */
export class Sketch {
  private base: DrawingContent;
  private drawn: DrawingContent;
  private past: Stroke[][] = [];
  private future: Stroke[][] = [];
  private stroke: Stroke | undefined;
  /** The end of the stroke. */
  private anchor: Point | undefined;
  /** The points after it, of which only the last is taken into the stroke as long as the line is straight. */
  private pending: Point[] = [];
  /** The last points of the line, without those put between. */
  private last: Point | undefined;
  private before: Point | undefined;
  /** The point after them, to be taken into the stroke when it is known where the line goes from there. */
  private newest: Point | undefined;
  /** Where the finger is. */
  private finger: Point | undefined;
  /** Where the device expects it next. */
  private expected: readonly Place[] = [];
  /** What the program's clock said when the drawing began. */
  private origin: number | undefined;
  private listeners = new Set<() => void>();

  constructor(
    content: DrawingContent = { format: 1, canvas: papers.portrait, strokes: [] },
    private readonly options: SketchOptions = {},
  ) {
    this.base = content;
    this.drawn = content;
  }

  /** The drawing without the stroke under way. Without strokes it is none that the service takes. */
  get content(): DrawingContent {
    return this.drawn;
  }

  /** The stroke under way. */
  get current(): Stroke | undefined {
    return this.stroke;
  }

  /** Whether it was to be one stroke, and is drawn. */
  get finished(): boolean {
    return !!this.options.oneStroke && this.drawn.strokes.length > 0;
  }

  /** The end of the stroke under way that may still change: from the end of `current` to the finger and where it is expected next. */
  get tip(): readonly Place[] {
    const { anchor, pending, newest, finger, expected } = this;
    return [anchor, ...pending, newest, finger, ...expected].filter((place): place is Point => !!place);
  }

  /** Whether there is no room for another stroke. The stroke under way always has room. */
  get full(): boolean {
    return this.drawn.strokes.length >= maxStrokes || this.room() < leastPoints;
  }

  /** Whether a limit is close, of the drawing or of the stroke under way. */
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
   * The finger touches the canvas. Returns whether a stroke has begun: not in a drawing that is full or finished,
   * nor during another.
   */
  begin(point: Point, { tool, color, width }: Style): boolean {
    if (this.stroke || this.finished || this.full) return false;
    if (this.origin === undefined || !this.drawn.strokes.length) {
      this.origin = point.time - (this.drawn.strokes.length ? endOf(this.drawn.strokes) + pauseBefore : 0);
    }
    this.stroke = { tool, color, width, x: [], y: [], t: [] };
    if (point.pressure !== undefined) this.stroke.p = [];
    this.take(point);
    this.last = this.finger = point;
    this.changed();
    return true;
  }

  /** The finger has moved over these points; the device expects it at `expected` next. */
  extend(points: readonly Point[], expected: readonly Place[] = []): void {
    if (!this.stroke) return;
    const step = Math.max(1, shorterSide(this.drawn.canvas) / 300);
    for (const point of points) {
      this.finger = point;
      if (size(minus(point, this.newest || this.last!)) < step) continue;
      if (this.newest) this.settle(point);
      this.newest = point;
    }
    this.expected = expected;
    this.changed();
  }

  /** The finger lifts, or is taken away. Returns whether the drawing has a stroke more. */
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

  /** The touch was no drawing, but the first of two fingers or a palm. The stroke under way is gone. */
  cancel(): void {
    this.forget();
    this.changed();
  }

  /** Takes back the last stroke, or `clear`. */
  undo(): void {
    this.step(this.past, this.future);
  }

  redo(): void {
    this.step(this.future, this.past);
  }

  /** Takes all strokes away; `undo` brings them back. */
  clear(): void {
    this.forget();
    if (this.drawn.strokes.length) this.change([]);
    else this.changed();
  }

  rename(title: string): void {
    this.base = { ...this.base, title };
    this.show(this.drawn.strokes);
  }

  /** Calls `listener` with each change, until what it returns is called. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** How many points a stroke of this drawing may have, besides those that are there. */
  private room(): number {
    return maxPoints - this.drawn.strokes.reduce((sum, { x }) => sum + x.length, 0);
  }

  /** Takes the newest point into the line, and before it what lies between. */
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
