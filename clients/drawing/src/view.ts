import type { DrawingContent } from 'onestroke-client';

export interface Size {
  width: number;
  height: number;
}

export interface Place {
  x: number;
  y: number;
}

/** How a canvas space is shown in a box: as large as fits, in the middle; or a part of it, larger, in the same place. */
export interface View {
  /** Of the box, in its own pixels: where the paper is, and how large. Where it is zoomed, only a part of it is shown. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** Pixels of the box for a canvas unit. */
  scale: number;
  /** Pixels of the device for one of the box. The surface is the box's size times this. */
  pixelRatio: number;
  /** The part of the canvas that is shown, in its units. */
  shown: Place & Size;
  /** How many times larger it is shown than it would fit, 1 to 8. */
  zoom: number;
  /** The place on the canvas that is shown at this place in the box. It may lie outside the canvas. */
  toCanvas(place: Place): Place;
  /** The place in the box that shows this place on the canvas. */
  toBox(place: Place): Place;
  /** The view in which what was at `from` in the box is at `to`, and larger by `factor`: as far as the paper goes. */
  moved(from: Place, to: Place, factor: number): View;
}

/** More would show single canvas units. */
const mostZoom = 8;

/** Fits a canvas space into a box. */
export function fit(canvas: DrawingContent['canvas'], box: Size, pixelRatio = 1): View {
  const least = Math.min(box.width / canvas.width, box.height / canvas.height);
  const [width, height] = [canvas.width * least, canvas.height * least];
  const whole = { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
  return viewOf(1, whole.left, whole.top);

  function viewOf(zoom: number, left: number, top: number): View {
    const scale = least * zoom;
    return {
      left,
      top,
      width: width * zoom,
      height: height * zoom,
      scale,
      pixelRatio,
      shown: {
        x: (whole.left - left) / scale,
        y: (whole.top - top) / scale,
        width: canvas.width / zoom,
        height: canvas.height / zoom,
      },
      zoom,
      toCanvas: ({ x, y }) => ({ x: (x - left) / scale, y: (y - top) / scale }),
      toBox: ({ x, y }) => ({ x: x * scale + left, y: y * scale + top }),
      moved(from, to, factor) {
        const larger = within(zoom * factor, 1, mostZoom);
        const grown = larger / zoom;
        // The paper's edges stay outside of where the whole paper is, or on its edges.
        return viewOf(
          larger,
          within(to.x - (from.x - left) * grown, whole.left + width - width * larger, whole.left),
          within(to.y - (from.y - top) * grown, whole.top + height - height * larger, whole.top),
        );
      },
    };
  }
}

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
