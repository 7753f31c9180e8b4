import type { DrawingContent } from 'onestroke-client';
import type { Size } from './view.js';

export interface Color {
  /** `#RRGGBB`, as a stroke has it. */
  value: string;
  /** What people call it. */
  zh: string;
  en: string;
}

/** The seven colours of a palette; the first is the pen that everybody begins with, as in 2017. */
export const colors: readonly Color[] = [
  { value: '#666666', zh: '灰', en: 'Grey' },
  { value: '#E5484D', zh: '红', en: 'Red' },
  { value: '#F76B15', zh: '橙', en: 'Orange' },
  { value: '#F2B90D', zh: '黄', en: 'Yellow' },
  { value: '#2F9E5F', zh: '绿', en: 'Green' },
  { value: '#0A84E0', zh: '蓝', en: 'Blue' },
  { value: '#8E4EC6', zh: '紫', en: 'Purple' },
];

/** Widths of a line from fine to broad, for `papers`: tenths of a pixel on a phone. See `nib` for other canvases. */
export const widths: readonly number[] = [20, 50, 100, 200];

/** The canvases of new drawings: a phone is 375 pixels wide, and tenths of a pixel are kept. */
export const papers = {
  portrait: { width: 3750, height: 5000 },
  landscape: { width: 5000, height: 3750 },
};

/** The longest side of a new paper, in parts of its shorter side. */
const longest = 2;

/** The canvas of a new drawing that fills a box: upright up to twice as high as wide, else no wider than `papers.landscape`. */
export function paperFor({ width, height }: Size): DrawingContent['canvas'] {
  if (width > height) return papers.landscape;
  const side = papers.portrait.width;
  return { width: side, height: Math.round(side * Math.min(Math.max(height / width, 1), longest)) };
}

/** How wide, in units of this canvas, a line is that is `width` on one of `papers`. */
export function nib(width: number, canvas: DrawingContent['canvas']): number {
  return Math.max(1, Math.round((width * shorterSide(canvas)) / shorterSide(papers.portrait)));
}

export function shorterSide({ width, height }: DrawingContent['canvas']): number {
  return Math.min(width, height);
}
