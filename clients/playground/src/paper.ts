import type { DrawingContent } from 'onestroke-client';
import { fit, type Place, render, type Size, type View } from 'onestroke-drawing';
import { type Child, el } from './dom';
import { words } from './words';

const nowhere = { x: 0, y: 0 };

/** A sheet of paper with a canvas, in the middle of its room. */
export interface Paper {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  surface: CanvasRenderingContext2D;
  /** A transparent surface above the first, for the end of a stroke that may still change. */
  ahead: CanvasRenderingContext2D;
  /** How the drawing is shown on the canvas. */
  readonly view: View;
  /** The size of the room for paper. */
  readonly room: Size;
  /** Shows a drawing, or its replay at `until`, and again whenever the room changes. */
  show(content: DrawingContent, until?: number): void;
  /** Moves what is shown at `from` to `to`, and enlarges it by `factor`. */
  move(from: Place, to: Place, factor: number): void;
  /** Stops watching the room. */
  end(): void;
}

export function createPaper(...overlays: Child[]): Paper {
  const canvas = el('canvas', { class: 'canvas' });
  const over = el('canvas', { class: 'ahead' });
  const whole = el(
    'button',
    { type: 'button', class: 'quiet small whole', hidden: true, onclick: () => paper.move(nowhere, nowhere, 0) },
    words.wholePaper,
  );
  const sheet = el('div', { class: 'sheet' }, canvas, over, ...overlays, whole);
  const element = el('div', { class: 'stage' }, sheet);
  const surface = canvas.getContext('2d')!;
  const ahead = over.getContext('2d')!;
  let shown: { content: DrawingContent; until?: number } | undefined;
  let view = fit({ width: 1, height: 1 }, { width: 1, height: 1 });

  const lay = () => {
    if (!shown || !element.clientWidth) return;
    const space = shown.content.canvas;
    sheet.classList.add('laid'); // hidden until its place is known
    const room = fit(space, paper.room);
    const [width, height] = [Math.floor(room.width), Math.floor(room.height)];
    const ratio = devicePixelRatio;
    Object.assign(sheet.style, {
      width: `${width}px`,
      height: `${height}px`,
      left: `${Math.round(room.left)}px`,
      top: `${Math.round(room.top)}px`,
    });
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = over.width = Math.round(width * ratio);
      canvas.height = over.height = Math.round(height * ratio);
    }
    // The sheet is in whole pixels, so it may be slightly narrower than the drawing.
    look(fit(space, { width, height }, ratio));
  };
  const look = (next: View) => {
    view = next;
    whole.hidden = view.zoom === 1;
    if (shown) render(surface, shown.content, view, shown.until);
  };

  const paper: Paper = {
    element,
    canvas,
    surface,
    ahead,
    get view() {
      return view;
    },
    get room() {
      return { width: element.clientWidth, height: element.clientHeight };
    },
    show(content, until) {
      const before = shown;
      shown = { content, until };
      if (before?.content.canvas !== content.canvas) return lay();
      // A replay that goes on only adds to the picture.
      const since = before.content === content && until! > before.until! ? before.until : undefined;
      render(surface, content, view, until, since);
    },
    move: (from, to, factor) => look(view.moved(from, to, factor)),
    end() {
      resized.disconnect();
      pixels.removeEventListener('change', watch);
    },
  };
  const resized = new ResizeObserver(lay);
  resized.observe(element);
  // On another screen the window may have as many pixels of its own, but others of the device.
  let pixels = matchMedia('all');
  const watch = () => {
    pixels.removeEventListener('change', watch);
    pixels = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    pixels.addEventListener('change', watch);
    lay();
  };
  watch();
  return paper;
}
