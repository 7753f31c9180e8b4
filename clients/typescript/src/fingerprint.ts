import type { components } from './contract.js';

type Content = Pick<components['schemas']['DrawingContent'], 'title' | 'canvas' | 'strokes'>;

/**
 * A short text that is the same for the same drawing, sent or received: the service
 * leaves out what is empty, and lifts a `t` that steps back. 64 bits; nobody is
 * kept out by it.
 */
export function fingerprint({ title, canvas, strokes }: Content): string {
  const text = JSON.stringify([
    title || '',
    canvas.width,
    canvas.height,
    canvas.background || '',
    strokes.map(({ tool, color, width, x, y, t = [], p = [] }) => [tool, color, width, x, y, lifted(t), p]),
  ]);
  return hash(text, 0) + hash(text, 0x9e3779b9);
}

function lifted(t: readonly number[]): number[] {
  let latest = 0;
  return t.map(value => (latest = Math.max(latest, value)));
}

/** FNV-1a over UTF-16 units, mixed at the end as in MurmurHash3. */
function hash(text: string, seed: number): string {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0).toString(36);
}
