import type { DrawingContent } from 'onestroke-client';

export interface Size {
  width: number;
  height: number;
}

export interface Place {
  x: number;
  y: number;
}

/** How a canvas is shown in a box: as large as fits, in the middle, or a part of it enlarged to the same size. */
export interface View {
  /** The place and size of the whole paper in pixels of the box. With zoom, only a part of it is visible. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** Pixels of the box for a canvas unit. */
  scale: number;
  /** Pixels of the device for a pixel of the box. The surface is larger than the box by this factor. */
  pixelRatio: number;
  /** The visible part of the canvas, in its units. */
  shown: Place & Size;
  /** 1 shows the whole paper; up to 8. */
  zoom: number;
  /** The place on the canvas that is shown at this place in the box. It may lie outside the canvas. */
  toCanvas(place: Place): Place;
  /** The place in the box that shows this place on the canvas. */
  toBox(place: Place): Place;
  /** The view that shows at `to` what this one shows at `from`, larger by `factor`. Limited so that paper fills it. */
  moved(from: Place, to: Place, factor: number): View;
}

/** At a larger zoom single canvas units would be visible. */
const mostZoom = 8;

/** Fits a canvas into a box. */
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
        // The paper always covers the rectangle of the whole paper.
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
