import type { DrawingContent, Stroke } from 'onestroke-client';
import { minus, size } from './curve.js';
import { widthAt } from './pressure.js';
import type { TipPlace } from './sketch.js';
import { timelineOf } from './timeline.js';
import type { Place, View } from './view.js';

/** The part of a canvas' 2D context that is used. Those of browsers and mini programs have this type. */
export interface Surface {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineCap: unknown;
  lineJoin: unknown;
  save(): void;
  restore(): void;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  beginPath(): void;
  rect(x: number, y: number, width: number, height: number): void;
  clip(): void;
  clearRect(x: number, y: number, width: number, height: number): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  fill(): void;
  stroke(): void;
}

/**
 * Renders a drawing on its paper, as the service's pictures show it: each stroke is one shape with round ends and
 * corners, narrower where it was pressed less. The eraser has the colour of the paper. Nothing outside of the paper
 * changes.
 *
 * With `until`, renders the replay at that time, in milliseconds. With `since` too, the surface already shows the replay
 * at `since`, and only what is new is rendered.
 */
export function render(
  surface: Surface,
  content: DrawingContent,
  view: View,
  until = Infinity,
  since = -Infinity,
): void {
  const { times } = timelineOf(content);
  const drawn = content.strokes
    .map((stroke, i) => ({ stroke, own: times[i]! }))
    .filter(({ own }) => own[0]! <= until && own[own.length - 1]! > since);
  if (since > -Infinity && !drawn.every(({ stroke }) => isOpaque(stroke))) return render(surface, content, view, until);
  onPaper(surface, view, () => {
    if (since === -Infinity) {
      surface.fillStyle = paperOf(content);
      surface.fill();
    }
    for (const { stroke, own } of drawn) trace(surface, stroke, content, partAt(own, since), partAt(own, until));
  });
}

/**
 * Renders a stroke while it is drawn, each time only what is new, on a surface that shows `content`. The end of the
 * stroke may still change: it is rendered on `ahead`, a transparent surface exactly above the first.
 */
export class Brush {
  private rendered = 0;
  private stroke: Stroke | undefined;

  constructor(
    private readonly surface: Surface,
    private readonly ahead: Surface,
    private readonly content: DrawingContent,
    private readonly view: View,
  ) {}

  /** Renders what has changed of the sketch's stroke since the last call. */
  render({ current, tip }: { current: Stroke | undefined; tip: readonly TipPlace[] }): void {
    const { surface, content, view } = this;
    if (!current) return;
    if (!isOpaque(current)) {
      // Rendered in pieces, it would be darker where they overlap.
      render(surface, content, view);
      onPaper(surface, view, () => trace(surface, withTip(current, tip), content));
      return;
    }
    if (this.stroke && this.stroke !== current) {
      this.rendered = 0;
      render(surface, content, view);
    }
    if (current.x.length > this.rendered) {
      onPaper(surface, view, () => trace(surface, current, content, Math.max(0, this.rendered - 1)));
    }
    this.stroke = current;
    this.rendered = current.x.length;
    this.clear();
    onPaper(this.ahead, view, () =>
      trace(this.ahead, withTip({ ...current, x: [], y: [], p: current.p && [] }, tip), content),
    );
  }

  /** Clears the surface above, when the stroke has ended or was dropped. */
  clear(): void {
    const { x, y, width, height } = this.view.shown;
    onPaper(this.ahead, this.view, () => this.ahead.clearRect(x, y, width, height));
  }
}

function withTip(stroke: Stroke, tip: readonly TipPlace[]): Stroke {
  const { x, y, p } = stroke;
  let last = 0; // predicted places have no pressure
  const pressures = tip.map(({ pressure = last }) => (last = pressure) * 255);
  return {
    ...stroke,
    x: x.concat(tip.map(place => place.x)),
    y: y.concat(tip.map(place => place.y)),
    ...(p && { p: p.concat(pressures) }),
  };
}

/** Calls `draw` with a transform to canvas units, clipped to the visible part of the paper, which is the current path. */
function onPaper(surface: Surface, { left, top, scale, pixelRatio, shown }: View, draw: () => void): void {
  surface.save();
  surface.setTransform(scale * pixelRatio, 0, 0, scale * pixelRatio, left * pixelRatio, top * pixelRatio);
  surface.beginPath();
  surface.rect(shown.x, shown.y, shown.width, shown.height);
  surface.clip();
  draw();
  surface.restore();
}

/** Whether a stroke can be rendered in pieces. Pieces of a translucent stroke would be visible where they meet. */
function isOpaque({ tool, color }: Stroke): boolean {
  return tool === 'eraser' || !/^#.{6}(?!ff)..$/i.test(color);
}

/** Renders a stroke between two of its points, given by index; 2.5 is halfway from point 2 to point 3. */
function trace(surface: Surface, stroke: Stroke, content: DrawingContent, from = 0, to = stroke.x.length - 1): void {
  const color = stroke.tool === 'eraser' ? paperOf(content) : cssOf(stroke.color);
  const spots = [spotAt(stroke, from)];
  for (let i = Math.floor(from) + 1; i < to; i++) spots.push(spotAt(stroke, i));
  spots.push(spotAt(stroke, to));
  const [first] = spots as [Spot];
  surface.beginPath();
  if (!stroke.p && spots.some(({ x, y }) => x !== first.x || y !== first.y)) {
    surface.moveTo(first.x, first.y);
    for (const { x, y } of spots.slice(1)) surface.lineTo(x, y);
    surface.strokeStyle = color;
    surface.lineWidth = stroke.width;
    surface.lineCap = surface.lineJoin = 'round';
    surface.stroke();
  } else {
    // Not every canvas draws a line of length zero, and none a line of several widths.
    (stroke.p ? spots : [first]).forEach((spot, i) => disc(surface, spot, spots[i - 1]));
    surface.fillStyle = color;
    surface.fill();
  }
}

/** A place of a stroke, and half its width there. */
interface Spot extends Place {
  radius: number;
}

/** Adds a disc to the path, and what is between its tangents with another. All parts have the same orientation: they are one shape. */
function disc(surface: Surface, { x, y, radius }: Spot, from: Spot | undefined): void {
  surface.moveTo(x + radius, y);
  surface.arc(x, y, radius, 0, 2 * Math.PI);
  const way = from && minus({ x, y }, from);
  const length = way && size(way);
  if (!from || !way || !length) return;
  const tilt = Math.min(Math.max((from.radius - radius) / length, -1), 1); // of the tangents
  const across = Math.sqrt(1 - tilt * tilt);
  const touch = (spot: Spot, side: number): [number, number] => [
    spot.x + ((way.x * tilt - way.y * side * across) / length) * spot.radius,
    spot.y + ((way.y * tilt + way.x * side * across) / length) * spot.radius,
  ];
  const to = { x, y, radius };
  surface.moveTo(...touch(from, -1));
  surface.lineTo(...touch(to, -1));
  surface.lineTo(...touch(to, 1));
  surface.lineTo(...touch(from, 1));
}

function spotAt({ x, y, p, width }: Stroke, part: number): Spot {
  const i = Math.floor(part);
  const rest = part - i;
  const at = (column: number[]) => (rest ? column[i]! + (column[i + 1]! - column[i]!) * rest : column[i]!);
  return { x: at(x), y: at(y), radius: widthAt(width, p && at(p)) / 2 };
}

/** How far a stroke with these times is at a moment, as an index as in `trace`. */
function partAt(times: readonly number[], moment: number): number {
  const end = times.length - 1;
  if (moment >= times[end]!) return end;
  if (moment <= times[0]!) return 0;
  let [low, high] = [0, end]; // times[low] <= moment < times[high]
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= moment) low = middle;
    else high = middle;
  }
  return low + (moment - times[low]!) / (times[high]! - times[low]!);
}

function paperOf({ canvas }: DrawingContent): string {
  return canvas.background || '#FFFFFF';
}

/** A colour that every canvas accepts; not all accept `#RRGGBBAA`. */
function cssOf(color: string): string {
  if (color.length < 9) return color;
  const [r, g, b, a] = [1, 3, 5, 7].map(at => parseInt(color.slice(at, at + 2), 16));
  return `rgba(${r},${g},${b},${a! / 255})`;
}
