import type { DrawingContent, Result } from 'onestroke-client';
import { fit, render } from 'onestroke-drawing';
import { el } from './dom';
import { choose, sayOffline, toast } from './overlays';
import { client, sayProblem, send } from './service';
import { words } from './words';

/** A drawing as a small picture: the service's thumbnail, or rendered here while it is unsent. */
export function picture(of: { thumbnail?: string } | DrawingContent, name = ''): HTMLElement {
  if ('strokes' in of) {
    const canvas = el('canvas', { class: 'picture', role: 'img', 'aria-label': name });
    const view = fit(of.canvas, { width: 256, height: 256 });
    [canvas.width, canvas.height] = [Math.round(view.width), Math.round(view.height)];
    render(canvas.getContext('2d')!, of, fit(of.canvas, canvas));
    return canvas;
  }
  return el('img', {
    class: 'picture',
    alt: name,
    draggable: 'false',
    src: 'data:image/svg+xml,' + encodeURIComponent(of.thumbnail || ''),
  });
}

/** Offers a drawing as a file: one of the user's, or a shared one. */
export function offerDownload(title: string, of: { id: string } | { token: string }): void {
  const width = 1536;
  const vector = (animate: boolean) =>
    'id' in of
      ? client.getDrawingImage({ ...of, width, animate, format: 'svg' })
      : client.getSharedDrawingImage({ ...of, width, animate, format: 'svg' });
  const pixels = () =>
    'id' in of
      ? client.getDrawingImage({ ...of, width, format: 'png' })
      : client.getSharedDrawingImage({ ...of, width, format: 'png' });
  const download = async (kind: 'png' | 'svg', call: () => Promise<Result<string | ArrayBuffer>>) => {
    const unsent = 'id' in of && (await send(of.id));
    if (unsent) return toast(unsent);
    const result = await call();
    if (result.ok)
      hand(
        new Blob([result.data], { type: kind === 'png' ? 'image/png' : 'image/svg+xml' }),
        `${title || words.untitled}.${kind}`,
      );
    else toast(sayProblem(result.problem));
  };
  // The clipboard takes a promise: it must be asked in the same turn as the press.
  const copy = async () => {
    const make = async () => {
      const unsent = 'id' in of && (await send(of.id));
      if (unsent) throw new Error(unsent);
      const result = await pixels();
      if (result.ok) return new Blob([result.data], { type: 'image/png' });
      throw new Error(sayProblem(result.problem));
    };
    const png = make();
    png.catch(() => {}); // the browser may look at it only later
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]).then(
      () => toast(words.copied),
      (error: Error) => toast(error.message),
    );
  };
  const video = async () => {
    const part = await import('./video').catch(sayOffline);
    if (!part) return;
    const opened = await ('id' in of ? client.drawings.open(of.id) : client.getSharedDrawing(of));
    if (!opened.ok) return toast(sayProblem(opened.problem));
    const file = await part.record(opened.data);
    if (file) hand(file, `${title || words.untitled}.${/mp4/.test(file.type) ? 'mp4' : 'webm'}`);
  };
  choose(words.download, [
    ...('clipboard' in navigator && 'ClipboardItem' in globalThis
      ? [{ label: words.copyPicture, icon: 'copy' as const, run: () => void copy() }]
      : []),
    { label: words.downloadPNG, icon: 'download', run: () => void download('png', pixels) },
    { label: words.downloadSVG, icon: 'download', run: () => void download('svg', () => vector(false)) },
    { label: words.downloadMoving, icon: 'play', run: () => void download('svg', () => vector(true)) },
    ...('MediaRecorder' in globalThis
      ? [{ label: words.downloadVideo, icon: 'video' as const, run: () => void video() }]
      : []),
  ]);
}

function hand(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  el('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
