import type { Size, Surface } from 'onestroke-drawing';

/** A canvas, and what is needed to render on it. */
export interface Screen {
  canvas: WechatMiniprogram.Canvas;
  surface: Surface;
  /** In pixels as touches have them. */
  box: Size;
  pixelRatio: number;
}

/**
 * The canvas with this selector in a page or component, with one pixel for each pixel of the device. Call it when the
 * page is ready.
 */
export function screenOf(
  owner: WechatMiniprogram.Component.TrivialInstance | WechatMiniprogram.Page.TrivialInstance,
  selector: string,
): Promise<Screen> {
  return new Promise(resolve => {
    wx.createSelectorQuery()
      .in(owner)
      .select(selector)
      .fields({ node: true, size: true }, ({ node, width, height }) => {
        const canvas = node as WechatMiniprogram.Canvas;
        const { pixelRatio } = wx.getWindowInfo();
        canvas.width = Math.round(width * pixelRatio);
        canvas.height = Math.round(height * pixelRatio);
        resolve({ canvas, surface: canvas.getContext('2d') as Surface, box: { width, height }, pixelRatio });
      })
      .exec();
  });
}
