import type { DrawingContent, Stroke } from 'onestroke-client';
import { between, minus, size } from './curve.js';
import { maxCoordinate, maxPoints, maxStrokePoints, maxStrokes, maxTime } from './limits.js';
import { papers, shorterSide } from './palette.js';
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

/** How long somebody has thought who goes on with a drawing, in milliseconds. */
const thought = 1_000;

/**
 * A drawing under way. Strokes are smooth: points that are too near to the one
 * before are left out, and where the line bends points are put between, so that
 * it looks the same wherever straight lines are drawn from point to point. No point is moved.
 *
 * Contents and strokes that it has given out never change; `current` grows at its end.
 */
export class Sketch {
  private base: DrawingContent;
  private drawn: DrawingContent;
  private past: Stroke[][] = [];
  private future: Stroke[][] = [];
  private stroke: Stroke | undefined;
  /** The last points of the stroke, without those put between. */
  private last: Point | undefined;
  private before: Point | undefined;
  /** The point after them, to be taken into the stroke when it is known where the line goes from there. */
  private newest: Point | undefined;
  /** Where the finger is. */
  private finger: Point | undefined;
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

  /** Whether a limit is reached: of the drawing, or of the stroke under way. Nothing more is taken up then. */
  get full(): boolean {
    return this.room() === 0;
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
      this.origin = point.time - (this.drawn.strokes.length ? endOf(this.drawn.strokes) + thought : 0);
    }
    this.stroke = { tool, color, width, x: [], y: [], t: [] };
    if (point.pressure !== undefined) this.stroke.p = [];
    this.add(point);
    this.last = point;
    this.changed();
    return true;
  }

  /** The finger has moved over these points. */
  extend(points: readonly Point[]): void {
    if (!this.stroke) return;
    const step = Math.max(1, shorterSide(this.drawn.canvas) / 300);
    for (const point of points) {
      this.finger = point;
      if (size(minus(point, this.newest || this.last!)) < step) continue;
      if (this.newest) this.settle(point);
      this.newest = point;
    }
    this.changed();
  }

  /** The finger lifts. Returns whether the drawing has a stroke more. */
  end(): boolean {
    if (!this.stroke) return false;
    const { stroke, finger } = this;
    if (finger !== this.newest) {
      if (this.newest) this.settle(finger);
      this.newest = finger;
    }
    if (this.newest) this.settle(undefined);
    this.forget();
    this.change(this.drawn.strokes.concat([stroke]));
    return true;
  }

  /** The touch was none: a second finger came, or a call. The stroke under way is gone. */
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

  private room(): number {
    const { strokes } = this.drawn;
    if (strokes.length >= maxStrokes) return 0;
    const own = this.stroke ? this.stroke.x.length : 0;
    const all = strokes.reduce((sum, { x }) => sum + x.length, own);
    return Math.max(0, Math.min(maxStrokePoints - own, maxPoints - all));
  }

  /** Takes the newest point into the stroke, and before it what lies between. */
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
  }

  private add({ x, y, time, pressure }: Point): void {
    const stroke = this.stroke!;
    if (!this.room()) return;
    const t = stroke.t!;
    stroke.x.push(whole(x, -maxCoordinate, maxCoordinate));
    stroke.y.push(whole(y, -maxCoordinate, maxCoordinate));
    t.push(whole(time - this.origin!, t[t.length - 1] || 0, maxTime));
    if (stroke.p) stroke.p.push(whole((pressure || 0) * 255, 0, 255));
  }

  private forget(): void {
    this.stroke = this.last = this.before = this.newest = this.finger = undefined;
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
