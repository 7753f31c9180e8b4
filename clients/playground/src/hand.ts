import { Brush, type Point, type Sketch } from 'onestroke-drawing';
import type { Paper } from './paper';
import { type Pen, styleOf } from './pen';

/** How far an arrow key moves the pen, as a part of the paper's shorter side; with Shift five times as far. */
const stride = 1 / 100;

/** Whoever draws, with a pointer or with keys. */
export interface Hand {
  /** Draws with the keyboard. Returns whether the key was for that. */
  key(event: KeyboardEvent): boolean;
  /** The hand is taken away; a stroke under way ends. */
  leave(): void;
}

/**
 * Lets people draw on the paper with mouse, pen, finger or keys; `cursor` marks where the keys' pen is. `sketchNow` is what is drawn on at the
 * moment, `drawn` is called after each stroke.
 */
export function createHand(
  paper: Paper,
  cursor: HTMLElement,
  pen: Pen,
  sketchNow: () => Sketch | undefined,
  drawn: () => void,
): Hand {
  const { canvas, surface } = paper;
  let brush: Brush | undefined;
  let pointer: number | undefined;
  let at: { x: number; y: number } | undefined; // of the keys' pen, in canvas units

  let corner = canvas.getBoundingClientRect();
  const pointOf = (event: PointerEvent): Point => ({
    ...paper.view.toCanvas({ x: event.clientX - corner.left, y: event.clientY - corner.top }),
    time: event.timeStamp,
    pressure: event.pointerType === 'pen' ? event.pressure : undefined, // others have none, or say 0.5
  });

  function begin(point: Point, tool = pen.tool): boolean {
    const sketch = sketchNow();
    if (!sketch?.begin(point, styleOf({ ...pen, tool }, sketch.content.canvas))) return false;
    brush = new Brush(surface, sketch.content, paper.view);
    brush.paint(sketch.current!);
    return true;
  }

  function extend(points: Point[]): void {
    const sketch = sketchNow();
    sketch?.extend(points);
    if (sketch?.current) brush?.paint(sketch.current);
  }

  function end(): void {
    brush = pointer = undefined;
    if (sketchNow()?.end()) drawn();
  }

  canvas.addEventListener('pointerdown', event => {
    if (event.button !== 0 && event.button !== 5) return; // 5 is the rubber end of a pen
    corner = canvas.getBoundingClientRect();
    if (!begin(pointOf(event), event.button === 5 ? 'eraser' : pen.tool)) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    cursor.hidden = true;
  });
  canvas.addEventListener('pointermove', event => {
    if (event.pointerId !== pointer) return;
    const parts = event.getCoalescedEvents?.() || [];
    extend((parts.length ? parts : [event]).map(pointOf));
  });
  canvas.addEventListener('pointerup', event => {
    if (event.pointerId !== pointer) return;
    extend([pointOf(event)]);
    end();
  });
  canvas.addEventListener('pointercancel', event => {
    if (event.pointerId !== pointer) return;
    brush = pointer = undefined;
    sketchNow()?.cancel();
    drawn();
  });
  canvas.addEventListener('contextmenu', event => event.preventDefault());
  canvas.addEventListener('blur', () => {
    cursor.hidden = true;
    if (pointer === undefined && sketchNow()?.current) end();
  });

  return {
    key(event) {
      const sketch = sketchNow();
      if (event.target !== canvas || !sketch || pointer !== undefined || event.ctrlKey || event.metaKey) return false;
      const { width, height } = sketch.content.canvas;
      const { x, y } = at || { x: width / 2, y: height / 2 };
      const far = Math.min(width, height) * stride * (event.shiftKey ? 5 : 1);
      const now = (place: { x: number; y: number }): Point => ({ ...place, time: event.timeStamp });
      const to = {
        ArrowLeft: { x: x - far, y },
        ArrowRight: { x: x + far, y },
        ArrowUp: { x, y: y - far },
        ArrowDown: { x, y: y + far },
        Enter: { x, y },
        ' ': { x, y },
      }[event.key];
      if (!to) return false;
      event.preventDefault();
      at = { x: Math.min(Math.max(to.x, 0), width), y: Math.min(Math.max(to.y, 0), height) };
      if (event.key.startsWith('Arrow')) extend([now(at)]);
      else if (!event.repeat && sketch.current) end();
      else if (!event.repeat) begin(now(at));
      const { x: left, y: top } = paper.view.toBox(at);
      Object.assign(cursor.style, { left: `${left}px`, top: `${top}px` });
      cursor.hidden = false;
      cursor.classList.toggle('down', !!sketch.current);
      return true;
    },
    leave() {
      if (sketchNow()?.current) end();
    },
  };
}
