import type { DrawingContent, Stroke } from 'onestroke-client';
import { widthAt } from './pressure.js';
import { thinned } from './simplify.js';

/** The most points of a picture, besides the two of each stroke. */
const mostPoints = 1_000;

/**
 * A drawing as an SVG document. Stands in for the service's thumbnail while the drawing is unsent. A stroke with
 * pressure has its mean width.
 */
export function picture({ canvas, strokes: all }: DrawingContent): string {
  const { width, height, background = '#FFFFFF' } = canvas;
  let strokes = all;
  while (countOf(strokes) > mostPoints + 2 * strokes.length) strokes = strokes.map(thinned);
  const lines = strokes.map(({ tool, color, width, x, y, p }) => {
    const mean = p && p.reduce((sum, value) => sum + value, 0) / p.length;
    const points = x.map((value, i) => `${value} ${y[i]}`);
    // A line to its own start is a dot, as its ends are round.
    return `<path d="M${points[0]}L${points.slice(1).join(' ') || points[0]}" stroke="${tool === 'eraser' ? background : color}" stroke-width="${Math.round(widthAt(width, mean) * 10) / 10}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="${background}"/><g fill="none" stroke-linecap="round" stroke-linejoin="round">${lines.join('')}</g></svg>`;
}

function countOf(strokes: readonly Stroke[]): number {
  return strokes.reduce((sum, { x }) => sum + x.length, 0);
}
