import type { DrawingContent } from 'onestroke-client';
import { fit, paint, type View } from 'onestroke-drawing';
import { type Child, el } from './dom';

/** A sheet of paper in the middle of what room there is, with a canvas on it. */
export interface Paper {
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  surface: CanvasRenderingContext2D;
  /** How the drawing is shown on the canvas. */
  readonly view: View;
  /** Shows a drawing, and again whenever the room changes; as a replay has it at `until`. */
  show(content: DrawingContent, until?: number): void;
  /** Nothing is shown any more. */
  end(): void;
}

export function createPaper(...overlays: Child[]): Paper {
  const canvas = el('canvas', { class: 'canvas' });
  const sheet = el('div', { class: 'sheet' }, canvas, ...overlays);
  const element = el('div', { class: 'stage' }, sheet);
  const surface = canvas.getContext('2d')!;
  let shown: { content: DrawingContent; until?: number } | undefined;
  let view = fit({ width: 1, height: 1 }, { width: 1, height: 1 });

  const lay = () => {
    if (!shown || !element.clientWidth) return;
    const space = shown.content.canvas;
    sheet.classList.add('laid'); // until then there is nothing to see that could move
    const room = fit(space, { width: element.clientWidth, height: element.clientHeight });
    const [width, height] = [Math.floor(room.width), Math.floor(room.height)];
    const ratio = devicePixelRatio;
    Object.assign(sheet.style, {
      width: `${width}px`,
      height: `${height}px`,
      left: `${Math.round(room.left)}px`,
      top: `${Math.round(room.top)}px`,
    });
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    // The sheet is whole pixels, so that by a hair it may be narrower than the drawing.
    view = fit(space, { width, height }, ratio);
    paint(surface, shown.content, view, shown.until);
  };
  const resized = new ResizeObserver(lay);
  resized.observe(element);

  const paper: Paper = {
    element,
    canvas,
    surface,
    get view() {
      return view;
    },
    show(content, until) {
      const before = shown;
      shown = { content, until };
      if (before?.content.canvas !== content.canvas) return lay();
      // A replay that goes on only adds to the picture.
      const since = before.content === content && until! > before.until! ? before.until : undefined;
      paint(surface, content, view, until, since);
    },
    end: () => resized.disconnect(),
  };
  return paper;
}
