import type { DrawingContent, Stroke } from 'onestroke-client';
import type { Point, Style, Surface } from '../src/index.ts';

export const pen: Style = { tool: 'pen', color: '#666666', width: 50 };

export function content(strokes: Stroke[], canvas = { width: 3750, height: 5000 }): DrawingContent {
  return { format: 1, canvas, strokes };
}

/** Numbers between 0 and 1, the same for the same seed. */
export function chance(seed: number): () => number {
  return () => {
    seed = (seed * 1664525 + 1013904223) % 2 ** 32;
    return seed / 2 ** 32;
  };
}

/** A finger that wanders over the canvas, changing its mind now and then. */
export function wandering(random: () => number, count: number): Point[] {
  let [x, y, direction, time] = [3750 * random(), 5000 * random(), 6 * random(), 1e6 * random()];
  return Array.from({ length: count }, () => {
    direction += random() < 0.05 ? 6 * random() : random() - 0.5;
    const step = 150 * random();
    return {
      x: (x += step * Math.cos(direction)),
      y: (y += step * Math.sin(direction)),
      time: (time += 16 * random()),
    };
  });
}

/** How far a place is from a line of straight pieces. */
export function distance(place: { x: number; y: number }, line: { x: number; y: number }[]): number {
  let least = Infinity;
  for (let i = 0; i < line.length; i++) {
    const [a, b] = [line[Math.max(0, i - 1)]!, line[i]!];
    const [wayX, wayY] = [b.x - a.x, b.y - a.y];
    const length = wayX * wayX + wayY * wayY;
    const part = length && Math.min(Math.max(((place.x - a.x) * wayX + (place.y - a.y) * wayY) / length, 0), 1);
    least = Math.min(least, Math.hypot(place.x - a.x - part * wayX, place.y - a.y - part * wayY));
  }
  return least;
}

export function placesOf({ x, y }: Stroke): { x: number; y: number }[] {
  return x.map((value, i) => ({ x: value, y: y[i]! }));
}

/** A surface that notes what is rendered: lines and dots with their colours, in canvas units. */
export class Notes implements Surface {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth = 1;
  lineCap: unknown;
  lineJoin: unknown;
  readonly rendered: { what: 'paper' | 'line' | 'dot'; color: unknown; path: number[][] }[] = [];
  transform: number[] = [];
  depth = 0;
  clips = 0;
  private path: number[][] = [];
  private what: 'paper' | 'line' | 'dot' = 'line';

  save(): void {
    this.depth++;
  }
  restore(): void {
    this.depth--;
  }
  setTransform(...transform: number[]): void {
    this.transform = transform;
  }
  beginPath(): void {
    this.path = [];
    this.what = 'line';
  }
  rect(...box: number[]): void {
    this.path.push(box);
    this.what = 'paper';
  }
  clip(): void {
    this.clips++;
  }
  clearRect(): void {
    this.rendered.length = 0;
  }
  moveTo(x: number, y: number): void {
    this.path.push([x, y]);
  }
  lineTo(x: number, y: number): void {
    this.path.push([x, y]);
  }
  arc(x: number, y: number, radius: number): void {
    this.path.push([x, y, radius]);
    this.what = 'dot';
  }
  fill(): void {
    this.rendered.push({ what: this.what, color: this.fillStyle, path: this.path });
  }
  stroke(): void {
    this.rendered.push({ what: 'line', color: this.strokeStyle, path: this.path });
  }
}
