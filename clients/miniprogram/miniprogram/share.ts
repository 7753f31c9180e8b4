import { client } from './client';
import { words } from './words';

/**
 * The card of one of my drawings. Whoever taps it sees the drawing; until the service has shared it, the card
 * leads to the gallery.
 */
export function cardOf(id: string, title: string): WechatMiniprogram.Page.IAsyncCustomShareContent {
  const card = { title: title || words.oneStroke, path: '/pages/gallery/gallery' };
  return { ...card, promise: shared(id).then(shown => ({ ...card, ...shown })) };
}

export function pathOf(token: string): string {
  return `/pages/shared/shared?token=${token}`;
}

async function shared(id: string): Promise<{ path?: string; imageUrl?: string }> {
  await client.drawings.flush(id);
  const share = await client.shareDrawing({ id });
  if (!share.ok) return {};
  const { token } = share.data;
  return { path: pathOf(token), imageUrl: await pictureOf(token) };
}

/** A picture as a file, as cards need it; without one WeChat takes a picture of the screen. */
async function pictureOf(token: string): Promise<string | undefined> {
  const picture = await client.getSharedDrawingImage({ token, width: 500, accept: 'image/png' });
  if (!picture.ok) return undefined;
  const filePath = `${wx.env.USER_DATA_PATH}/card.png`;
  return new Promise(resolve => {
    wx.getFileSystemManager().writeFile({
      filePath,
      data: picture.data,
      success: () => resolve(filePath),
      fail: () => resolve(undefined),
    });
  });
}
