import type { DrawingContent } from 'onestroke-client';

export interface Size {
  width: number;
  height: number;
}

export interface Place {
  x: number;
  y: number;
}

/** How a canvas space is shown in a box: as large as fits, in the middle. */
export interface View {
  /** Of the box, in its own pixels: where the paper is, and how large. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** Pixels of the box for a canvas unit. */
  scale: number;
  /** Pixels of the device for one of the box. The surface is the box's size times this. */
  pixelRatio: number;
  /** The place on the canvas that is shown at this place in the box. It may lie outside the canvas. */
  toCanvas(place: Place): Place;
  /** The place in the box that shows this place on the canvas. */
  toBox(place: Place): Place;
}

/** Fits a canvas space into a box. */
export function fit(canvas: DrawingContent['canvas'], box: Size, pixelRatio = 1): View {
  const scale = Math.min(box.width / canvas.width, box.height / canvas.height);
  const width = canvas.width * scale;
  const height = canvas.height * scale;
  const left = (box.width - width) / 2;
  const top = (box.height - height) / 2;
  return {
    left,
    top,
    width,
    height,
    scale,
    pixelRatio,
    toCanvas: ({ x, y }) => ({ x: (x - left) / scale, y: (y - top) / scale }),
    toBox: ({ x, y }) => ({ x: x * scale + left, y: y * scale + top }),
  };
}
