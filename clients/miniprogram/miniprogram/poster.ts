import type { DrawingContent } from 'onestroke-client';
import type { Surface } from 'onestroke-drawing';
import { fit, render } from 'onestroke-drawing';
import type { Screen } from './screen';
import { words } from './words';

/** What is on a poster. `code` is the mini program code, a PNG. */
export interface Poster {
  content: DrawingContent;
  author: string;
  code: ArrayBuffer;
}

/** The rest of a canvas' 2D context that is used. */
interface Pen extends Surface {
  font: string;
  textBaseline: string;
  fillRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number, maxWidth: number): void;
  drawImage(image: WechatMiniprogram.Image, x: number, y: number, width: number, height: number): void;
}

/** In pixels: the poster, the drawing at its top, the code below, and the space around text and code. */
const [width, height, drawn, codeSize, space] = [1080, 1620, 1300, 240, 40];

/** Composes a poster on a canvas, and gives it as a file. */
export async function compose({ canvas, surface }: Screen, { content, author, code }: Poster): Promise<string> {
  canvas.width = width;
  canvas.height = height;
  const pen = surface as Pen;
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, width, height);
  render(surface, content, fit(content.canvas, { width, height: drawn }));
  pen.setTransform(1, 0, 0, 1, 0, 0);
  const top = drawn + (height - drawn - codeSize) / 2;
  pen.drawImage(await imageOf(canvas, code), width - space - codeSize, top, codeSize, codeSize);
  const textWidth = width - 3 * space - codeSize;
  pen.textBaseline = 'top';
  pen.fillStyle = '#222222';
  pen.font = '600 56px sans-serif';
  pen.fillText(content.title || words.name, space, top + 20, textWidth);
  pen.fillStyle = '#888888';
  pen.font = '36px sans-serif';
  if (author) pen.fillText(words.by + author, space, top + 104, textWidth);
  pen.fillText(words.scan, space, top + 176, textWidth);
  return fileOf(canvas);
}

function imageOf(canvas: WechatMiniprogram.Canvas, png: ArrayBuffer): Promise<WechatMiniprogram.Image> {
  return new Promise((resolve, reject) => {
    const image = canvas.createImage();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('the code is no picture'));
    image.src = `data:image/png;base64,${wx.arrayBufferToBase64(png)}`;
  });
}

function fileOf(canvas: WechatMiniprogram.Canvas): Promise<string> {
  return new Promise((resolve, reject) =>
    wx.canvasToTempFilePath({
      canvas,
      // As large as the canvas: otherwise as many times larger as the device has pixels for one of the screen.
      x: 0,
      y: 0,
      width,
      height,
      destWidth: width,
      destHeight: height,
      success: ({ tempFilePath }) => resolve(tempFilePath),
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    }),
  );
}
