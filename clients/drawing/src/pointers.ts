import { minus, size } from './curve.js';
import type { Place } from './view.js';

/** A finger, a pen or a mouse that touches the canvas: where it is in the box, in its pixels. */
export interface Pointer extends Place {
  id: number;
  kind: 'mouse' | 'pen' | 'touch';
  /** By the program's clock, in milliseconds. */
  time: number;
  /** 0 to 1, where the device knows it. */
  pressure?: number;
}

/** What pointers do. */
export interface PointerActions {
  /** A stroke begins, if it may. */
  begin(pointer: Pointer): void;
  /** The stroke goes on over these places; the device expects it at `expected` next. */
  extend(pointers: Pointer[], expected: Place[]): void;
  /** The stroke ends and stays. */
  end(): void;
  /** The stroke was none. */
  cancel(): void;
  /** Two fingers move the view: what was at `from` is at `to`, and larger by `factor`. */
  move(from: Place, to: Place, factor: number): void;
}

/** A touch that has gone no further is no stroke when a pen or a second finger comes, in pixels of the box. */
const restless = 24;
/** For so long after a pen was there a touch is the palm of the same hand, in milliseconds. */
const palmTime = 1_000;

/**
 * Decides what fingers, pens and mice on a canvas mean. One pointer draws. A pen comes before a palm. Two fingers move
 * the view. A stroke that is interrupted stays.
 */
export class Pointers {
  /** The pointer that draws, where it is, and how far it has been from where it began. */
  private drawing: { pointer: Pointer; start: Place; far: number } | undefined;
  /** The two fingers that move the view. */
  private pair: Pointer[] = [];
  /** When a pen was last there. */
  private penTime = -Infinity;

  constructor(private readonly actions: PointerActions) {}

  down(pointer: Pointer): void {
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

  /** A pointer has been at these places, the last of them now. */
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

  /** A pointer lifts, or the system takes it away. */
  up(id: number): void {
    if (this.drawing && this.drawing.pointer.id === id) {
      this.drawing = undefined;
      this.actions.end();
    }
    if (this.pair.some(finger => finger.id === id)) this.pair = [];
  }

  /** All pointers are taken away. */
  release(): void {
    if (this.drawing) this.up(this.drawing.pointer.id);
    this.pair = [];
  }
}
