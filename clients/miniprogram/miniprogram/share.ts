import { client } from './client';
import { words } from './words';

/**
 * The message card of one of the user's drawings. It opens the drawing; if sharing fails, it opens the gallery.
 */
export function cardOf(id: string, title: string): WechatMiniprogram.Page.IAsyncCustomShareContent {
  const card = { title: title || words.name, path: '/pages/gallery/gallery' };
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

/** The card's picture as a file. Without one, WeChat uses a screenshot. */
async function pictureOf(token: string): Promise<string | undefined> {
  const picture = await client.getSharedDrawingImage({ token, width: 500, format: 'png' });
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
