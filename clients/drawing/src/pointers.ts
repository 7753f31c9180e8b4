import { minus, size } from './curve.js';
import type { Place } from './view.js';

/** A finger, a pen or a mouse on the canvas. Its place is in pixels of the box. */
export interface Pointer extends Place {
  id: number;
  kind: 'mouse' | 'pen' | 'touch';
  /** By the program's clock, in milliseconds. */
  time: number;
  /** 0 to 1, if the device reports it. */
  pressure?: number;
}

/** What the program does for the pointers. */
export interface PointerActions {
  /** Begins a stroke. */
  begin(pointer: Pointer): void;
  /** Extends the stroke over these places. The device predicts `expected` as the next ones. */
  extend(pointers: Pointer[], expected: Place[]): void;
  /** Ends the stroke, which is kept. */
  end(): void;
  /** Drops the stroke: the touch was a palm, or the first of two fingers. */
  cancel(): void;
  /** Moves the view: what was shown at `from` is shown at `to`, larger by `factor`. */
  move(from: Place, to: Place, factor: number): void;
}

/** When a pen or a second finger arrives, a touch that moved less than this is dropped. In pixels of the box. */
const restless = 24;
/** A touch this soon after a pen is taken for a palm. In milliseconds. */
const palmTime = 1_000;

/**
 * Decides what fingers, pens and mice on a canvas do. One pointer draws. A pen replaces a palm. Two fingers move the
 * view. An interrupted stroke is kept.
 */
export class Pointers {
  /** The pointer that draws, and its greatest distance from where it began. */
  private drawing: { pointer: Pointer; start: Place; far: number } | undefined;
  /** The two fingers that move the view. */
  private pair: Pointer[] = [];
  /** The time of the last event of a pen. */
  private penTime = -Infinity;

  constructor(private readonly actions: PointerActions) {}

  down(pointer: Pointer): void {
    this.up(pointer.id); // the system may not have told
    const { actions, drawing } = this;
    if (pointer.kind === 'pen') this.penTime = pointer.time;
    else if (pointer.kind === 'touch' && pointer.time - this.penTime < palmTime) return;
    if (drawing) {
      if (drawing.pointer.kind !== 'touch' || pointer.kind === 'mouse') return;
      const resting = drawing.far < restless;
      if (pointer.kind === 'touch' && !resting) return;
      this.drawing = undefined;
      if (resting) actions.cancel();
      else actions.end();
      if (pointer.kind === 'touch') {
        this.pair = [drawing.pointer, pointer];
        return;
      }
    } else if (this.pair.length && pointer.kind !== 'pen') {
      return;
    }
    this.pair = [];
    this.drawing = { pointer, start: pointer, far: 0 };
    actions.begin(pointer);
  }

  /** A pointer has moved over these places. */
  moved(pointers: Pointer[], expected: Place[] = []): void {
    const [now] = pointers.slice(-1);
    if (!now) return;
    const { drawing } = this;
    if (now.kind === 'pen') this.penTime = now.time;
    if (drawing && drawing.pointer.id === now.id) {
      drawing.pointer = now;
      for (const pointer of pointers) drawing.far = Math.max(drawing.far, size(minus(pointer, drawing.start)));
      this.actions.extend(pointers, expected);
    } else if (this.pair.some(({ id }) => id === now.id)) {
      const before = this.pair;
      this.pair = before.map(finger => (finger.id === now.id ? now : finger));
      const [from, to] = [before, this.pair].map(([a, b]) => ({
        middle: { x: (a!.x + b!.x) / 2, y: (a!.y + b!.y) / 2 },
        apart: Math.max(1, size(minus(a!, b!))),
      }));
      this.actions.move(from!.middle, to!.middle, to!.apart / from!.apart);
    }
  }

  /** A pointer is lifted, or the system cancels it. */
  up(id: number): void {
    if (this.drawing && this.drawing.pointer.id === id) {
      this.drawing = undefined;
      this.actions.end();
    }
    if (this.pair.some(finger => finger.id === id)) this.pair = [];
  }

  /** Ends what all pointers do, as when the page is left. */
  release(): void {
    if (this.drawing) this.up(this.drawing.pointer.id);
    this.pair = [];
  }
}
