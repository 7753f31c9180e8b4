import type { DrawingContent } from 'onestroke-client';

/**
 * A drawing as an SVG document. Stands in for the service's thumbnail while the drawing is unsent.
 */
export function picture({ canvas, strokes }: DrawingContent): string {
  const { width, height, background = '#FFFFFF' } = canvas;
  const lines = strokes.map(({ tool, color, width, x, y }) => {
    const points = x.map((value, i) => `${value} ${y[i]}`);
    // A line to its own start is a dot, as its ends are round.
    return `<path d="M${points[0]}L${points.slice(1).join(' ') || points[0]}" stroke="${tool === 'eraser' ? background : color}" stroke-width="${width}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><rect width="${width}" height="${height}" fill="${background}"/><g fill="none" stroke-linecap="round" stroke-linejoin="round">${lines.join('')}</g></svg>`;
}
