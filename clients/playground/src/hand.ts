import { Brush, type Point, type Pointer, Pointers, type Sketch } from 'onestroke-drawing';
import type { Paper } from './paper';
import { type Pen, styleOf } from './pen';

/** How far an arrow key moves the pen, as a part of the paper's shorter side; with Shift five times as far. */
const stride = 1 / 100;
/** Wheel pixels, with Ctrl or by a pinch on a trackpad, that enlarge the paper by a factor of e. */
const wheelStep = 100;

/** Drawing with pointers and keys. */
export interface Hand {
  /** Handles a key. Returns whether it was one for drawing. */
  key(event: KeyboardEvent): boolean;
  /** The paper was rendered without the current stroke, or the sketch has dropped it. */
  refresh(): void;
  /** Ends the current stroke, as the screen is left. */
  leave(): void;
}

export interface HandOptions {
  paper: Paper;
  /** Shows the place of the pen that keys move. */
  cursor: HTMLElement;
  pen: Pen;
  /** The current sketch. */
  sketch(): Sketch | undefined;
  /** A stroke has begun, or was refused. */
  begun(accepted: boolean): void;
  /** A stroke has ended, or was dropped. */
  drawn(): void;
}

/** Draws on the paper with mouse, pen, finger or keys, and enlarges it with two fingers or the wheel. */
export function createHand({ paper, cursor, pen, sketch: sketchNow, begun, drawn }: HandOptions): Hand {
  const { canvas, surface, ahead } = paper;
  let brush: Brush | undefined;
  let tool = pen.tool;
  let held = false; // by a pointer
  let pressed = false; // whether the stroke follows the pressure of a pen
  let at: { x: number; y: number } | undefined; // the place of the pen that keys move, in canvas units

  let view = paper.view; // of the brush

  const placeOf = (event: MouseEvent) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const pointerOf = (event: PointerEvent): Pointer => ({
    ...placeOf(event),
    id: event.pointerId,
    kind: event.pointerType === 'pen' || event.pointerType === 'touch' ? event.pointerType : 'mouse',
    time: event.timeStamp,
    // Mice and fingers report 0 or 0.5.
    pressure: event.pointerType === 'pen' ? event.pressure : undefined,
  });
  const isBrush = () => pen.brush && tool === 'pen';
  const pointOf = (pointer: Pointer): Point => ({
    ...paper.view.toCanvas(pointer),
    time: pointer.time,
    pressure: pressed ? pointer.pressure : undefined,
  });

  function begin(point: Point): boolean {
    const sketch = sketchNow();
    if (!sketch) return false;
    const accepted = sketch.begin(point, styleOf({ ...pen, tool }, sketch.content.canvas), isBrush());
    begun(accepted);
    if (!accepted) return false;
    takeBrush(sketch);
    brush!.render(sketch);
    return true;
  }

  function takeBrush({ content }: Sketch): void {
    view = paper.view;
    brush = new Brush(surface, ahead, content, view);
  }

  function extend(points: Point[], expected: { x: number; y: number }[] = []): void {
    const sketch = sketchNow();
    sketch?.extend(points, expected);
    if (view !== paper.view)
      refresh(); // the window has another size
    else if (sketch?.current) brush?.render(sketch);
    else if (brush) end(); // another tab's change has left no room for the stroke
  }

  function refresh(): void {
    const sketch = sketchNow();
    if (!brush || !sketch) return;
    if (!sketch.current) return end();
    takeBrush(sketch);
    brush.render(sketch);
  }

  function end(): void {
    held = false;
    cursor.classList.remove('down');
    brush?.clear();
    brush = undefined;
    if (sketchNow()?.end()) drawn();
  }

  const pointers = new Pointers({
    begin(pointer) {
      if (brush) end(); // a stroke by keys
      pressed = isBrush();
      held = begin(pointOf(pointer));
      cursor.hidden = true;
    },
    extend: (places, expected) => extend(places.map(pointOf), expected.map(paper.view.toCanvas)),
    end,
    cancel() {
      sketchNow()?.cancel();
      end();
      drawn();
    },
    move: (from, to, factor) => paper.move(from, to, factor),
  });

  canvas.addEventListener('pointerdown', event => {
    if (event.button !== 0 && event.button !== 5) return; // 5 is the eraser end of a pen
    tool = event.button === 5 ? 'eraser' : pen.tool;
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add('pointed');
    pointers.down(pointerOf(event));
  });
  canvas.addEventListener('pointermove', event => {
    const parts = event.getCoalescedEvents?.() || [];
    const expected = event.getPredictedEvents?.() || [];
    pointers.moved((parts.length ? parts : [event]).map(pointerOf), expected.map(placeOf));
  });
  canvas.addEventListener('pointerup', event => {
    pointers.moved([pointerOf(event)]);
    pointers.up(event.pointerId);
  });
  // The system cancels a pointer for a call or a gesture of its own: what was drawn is kept.
  canvas.addEventListener('pointercancel', event => pointers.up(event.pointerId));
  canvas.addEventListener(
    'wheel',
    event => {
      const { x, y } = placeOf(event);
      if (!event.ctrlKey && paper.view.zoom === 1) return;
      event.preventDefault();
      if (brush) return;
      if (event.ctrlKey) paper.move({ x, y }, { x, y }, Math.exp(-event.deltaY / wheelStep));
      else paper.move({ x, y }, { x: x - event.deltaX, y: y - event.deltaY }, 1);
    },
    { passive: false },
  );
  canvas.addEventListener('contextmenu', event => event.preventDefault());
  canvas.addEventListener('blur', () => {
    cursor.hidden = true;
    if (!held && brush) end();
  });

  return {
    key(event) {
      canvas.classList.remove('pointed');
      const sketch = sketchNow();
      if (event.target !== canvas || !sketch || held || event.ctrlKey || event.metaKey) return false;
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
      tool = pen.tool;
      if (event.key.startsWith('Arrow')) extend([now(at)]);
      else if (!event.repeat && sketch.current) end();
      else if (!event.repeat) begin(now(at));
      const { x: left, y: top } = paper.view.toBox(at);
      Object.assign(cursor.style, { left: `${left}px`, top: `${top}px` });
      cursor.hidden = false;
      cursor.classList.toggle('down', !!sketch.current);
      return true;
    },
    refresh,
    leave() {
      pointers.release();
      if (brush) end();
    },
  };
}
