import type { DrawingContent } from 'onestroke-client';
import { colors, nib, type Style, widths } from 'onestroke-drawing';

const key = 'onestroke.pen';

/** The pen that the user has chosen. It is stored in the browser. */
export interface Pen {
  tool: Style['tool'];
  /** `#RRGGBB`, one of the palette or any other. */
  color: string;
  /** An index of `widths`. */
  width: number;
  /** Whether new drawings are of one stroke. */
  once: boolean;
}

export function loadPen(): Pen {
  const pen: Pen = { tool: 'pen', color: colors[0]!.value, width: 1, once: false };
  try {
    return { ...pen, ...(JSON.parse(localStorage.getItem(key) || '{}') as Partial<Pen>), tool: 'pen' };
  } catch {
    return pen;
  }
}

export function storePen({ color, width, once }: Pen): void {
  try {
    localStorage.setItem(key, JSON.stringify({ color, width, once }));
  } catch {
    // Storage is full of unsent drawings, which matter more.
  }
}

/** The style of the pen's strokes on this canvas. The eraser is three times as wide. */
export function styleOf({ tool, color, width }: Pen, canvas: DrawingContent['canvas']): Style {
  return { tool, color, width: nib(widths[width]! * (tool === 'eraser' ? 3 : 1), canvas) };
}
