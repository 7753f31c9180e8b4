import type { DrawingContent } from '../../src/index.ts';

/** A small drawing; those of other titles and lengths differ. */
export function drawing(title: string, points = 3): DrawingContent {
  const x = Array.from({ length: points }, (_, i) => 100 + 10 * i);
  return {
    title,
    canvas: { width: 3750, height: 6670 },
    format: 1,
    strokes: [
      { tool: 'pen', color: '#666666', width: 50, x, y: x.map(value => value + 1), t: x.map((_, i) => 16 * i) },
    ],
  };
}
