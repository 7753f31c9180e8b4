import type { DrawingContent } from 'onestroke-client';
import { colors, nib, type Style, widths } from 'onestroke-drawing';
import { keep, storage } from './storage';

const key = 'onestroke.pen';

/** The pen that the user has chosen. It is stored in the browser. */
export interface Pen {
  tool: Style['tool'];
  /** `#RRGGBB`, one of the palette or any other. */
  color: string;
  /** An index of `widths`. */
  width: number;
  /** Whether the width of a line follows the pressure of the pen, or the speed of a finger or a mouse. */
  brush: boolean;
  /** Whether new drawings are of one stroke. */
  once: boolean;
}

export function loadPen(): Pen {
  const pen: Pen = { tool: 'pen', color: colors[0]!.value, width: 1, brush: false, once: false };
  try {
    return { ...pen, ...(JSON.parse(storage.get(key) || '{}') as Partial<Pen>), tool: 'pen' };
  } catch {
    return pen;
  }
}

export function storePen({ color, width, brush, once }: Pen): void {
  keep(key, JSON.stringify({ color, width, brush, once }));
}

/** The style of the pen's strokes on this canvas. The eraser is three times as wide. */
export function styleOf({ tool, color, width }: Pen, canvas: DrawingContent['canvas']): Style {
  return { tool, color, width: nib(widths[width]! * (tool === 'eraser' ? 3 : 1), canvas) };
}
