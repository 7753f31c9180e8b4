import type { DrawingContent } from 'onestroke-client';
import type { Size } from './view.js';

export interface Color {
  /** `#RRGGBB`. */
  value: string;
  /** Its name. */
  zh: string;
  en: string;
}

/** The seven colours of the palette. A new pen has the first, which is the pen of 2017. */
export const colors: readonly Color[] = [
  { value: '#666666', zh: '灰', en: 'Grey' },
  { value: '#E5484D', zh: '红', en: 'Red' },
  { value: '#F76B15', zh: '橙', en: 'Orange' },
  { value: '#F2B90D', zh: '黄', en: 'Yellow' },
  { value: '#2F9E5F', zh: '绿', en: 'Green' },
  { value: '#0A84E0', zh: '蓝', en: 'Blue' },
  { value: '#8E4EC6', zh: '紫', en: 'Purple' },
];

/** Widths of a line on one of `papers`, in tenths of a phone's pixel. `nib` converts them for other canvases. */
export const widths: readonly number[] = [20, 50, 100, 200];

/** Canvases of new drawings. A unit is a tenth of a pixel of a phone that is 375 pixels wide. */
export const papers = {
  portrait: { width: 3750, height: 5000 },
  landscape: { width: 5000, height: 3750 },
};

/** The longer side of a new canvas is at most this many times its shorter side. */
const longest = 2;

/** The canvas of a new drawing in this box. Upright, it fills the box; otherwise it is `papers.landscape`. */
export function paperFor({ width, height }: Size): DrawingContent['canvas'] {
  if (width > height) return papers.landscape;
  const side = papers.portrait.width;
  return { width: side, height: Math.round(side * Math.min(Math.max(height / width, 1), longest)) };
}

/** Converts a width on one of `papers` into units of this canvas. */
export function nib(width: number, canvas: DrawingContent['canvas']): number {
  return Math.max(1, Math.round((width * shorterSide(canvas)) / shorterSide(papers.portrait)));
}

export function shorterSide({ width, height }: DrawingContent['canvas']): number {
  return Math.min(width, height);
}
