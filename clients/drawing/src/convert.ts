import type { DrawingContent, Stroke } from 'onestroke-client';
import { maxCoordinate, maxPoints, maxStrokePoints, maxStrokes, maxTime } from './limits.js';

/** A point of any origin. Coordinates may be fractions, and a time counts in milliseconds from anywhere. */
export interface AnyPoint {
  x: number;
  y: number;
  /** Milliseconds, such as of `Date.now()`. The earliest of a drawing becomes 0. */
  time?: number | undefined;
  /** From 0 to 1. */
  pressure?: number | undefined;
}

/** A line of any origin. */
export interface AnyStroke {
  points: readonly AnyPoint[];
  /** As CSS writes it: `#rgb`, `#rrggbb`, both with alpha, `rgb()`, `rgba()`, or one of the 16 names of HTML. Black if it is left out. */
  color?: string | undefined;
  /** In the units of the points; 1 if it is left out. */
  width?: number | undefined;
  tool?: Stroke['tool'] | undefined;
}

export interface ConvertOptions {
  /** The size of what was drawn on, in the units of the points. */
  width: number;
  height: number;
  /** How many units of the canvas a unit of the points is; 10, which keeps tenths of a pixel. */
  scale?: number;
  title?: string;
  background?: string;
}

/**
 * The drawing that strokes of any origin are, within the limits of the contract: numbers are rounded, and coordinates, widths
 * and times beyond a limit become the limit. A stroke of too many points becomes several. Points that are no numbers are left out.
 *
 * @throws RangeError if a color cannot be read, or there are more strokes or points than a drawing has.
 */
export function convert(strokes: readonly AnyStroke[], options: ConvertOptions): DrawingContent {
  const { scale = 10, title, background } = options;
  const unit = (value: number) => clamp(value * scale, -maxCoordinate, maxCoordinate);
  const usable = strokes.map(one => ({
    ...one,
    points: one.points.filter(p => Number.isFinite(p.x) && Number.isFinite(p.y)),
  }));
  const start = usable.reduce(
    (first, one) => one.points.reduce((t, p) => (isNumber(p.time) ? Math.min(t, p.time) : t), first),
    Infinity,
  );
  const converted: Stroke[] = [];
  for (const { points, color = '#000000', width = 1, tool = 'pen' } of usable) {
    const style = { tool, color: hexColor(color), width: clamp(width * scale, 1, maxCoordinate) };
    // Parts of a long stroke share the point where they meet.
    for (let from = 0; from === 0 ? points.length > 0 : from < points.length - 1; from += maxStrokePoints - 1) {
      const part = points.slice(from, from + maxStrokePoints);
      const stroke: Stroke = { ...style, x: part.map(p => unit(p.x)), y: part.map(p => unit(p.y)) };
      if (part.every(p => isNumber(p.time))) stroke.t = part.map(p => clamp(p.time! - start, 0, maxTime));
      if (part.every(p => isNumber(p.pressure))) stroke.p = part.map(p => clamp(p.pressure! * 255, 0, 255));
      converted.push(stroke);
    }
  }
  const points = converted.reduce((sum, one) => sum + one.x.length, 0);
  if (converted.length > maxStrokes || points > maxPoints) {
    throw new RangeError(
      `${converted.length} strokes of ${points} points; a drawing has at most ${maxStrokes} of ${maxPoints}`,
    );
  }
  const side = (size: number) => clamp(size * scale, 1, maxCoordinate);
  return {
    format: 1,
    ...(title === undefined ? {} : { title }),
    canvas: {
      width: side(options.width),
      height: side(options.height),
      ...(background === undefined ? {} : { background: hexColor(background).slice(0, 7) }),
    },
    strokes: converted,
  };
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}

/** Rounds, too. What is no number becomes the least. */
function clamp(value: number, least: number, most: number): number {
  return Number.isNaN(value) ? least : Math.max(least, Math.min(Math.round(value), most)) + 0;
}

/** The 16 colors of HTML 4. */
const names: Record<string, string> = {
  black: '#000000',
  silver: '#C0C0C0',
  gray: '#808080',
  white: '#FFFFFF',
  maroon: '#800000',
  red: '#FF0000',
  purple: '#800080',
  fuchsia: '#FF00FF',
  green: '#008000',
  lime: '#00FF00',
  olive: '#808000',
  yellow: '#FFFF00',
  navy: '#000080',
  blue: '#0000FF',
  teal: '#008080',
  aqua: '#00FFFF',
};

function hexColor(text: string): string {
  const color = text.trim().toLowerCase();
  if (names[color]) return names[color];
  if (/^#([\da-f]{6}|[\da-f]{8})$/.test(color)) return color.toUpperCase();
  if (/^#[\da-f]{3,4}$/.test(color)) return color.toUpperCase().replace(/[\dA-F]/g, '$&$&');
  const parts =
    /^rgba?\(([^()]*)\)$/
      .exec(color)?.[1]
      ?.split(/[\s,/]+/)
      .filter(Boolean) ?? [];
  const values = parts.map(
    (part, i) => (Number.parseFloat(part) * (i === 3 || part.endsWith('%') ? 255 : 1)) / (part.endsWith('%') ? 100 : 1),
  );
  if (values.length < 3 || values.length > 4 || !values.every(Number.isFinite))
    throw new RangeError(`${text} is no color that can be converted`);
  const bytes = values.map(value => clamp(value, 0, 255));
  if (bytes[3] === 255) bytes.pop();
  return `#${bytes
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()}`;
}
