import { client } from './client';
import { textOf } from './problem';
import { words } from './words';

export type Share = { token: string; state: string; reason?: string };

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

/** Shares a drawing as it is here. Says why if that cannot be. */
export async function shareOf(id: string): Promise<Share | undefined> {
  const why = await unsent(id);
  const share = why ? undefined : await client.shareDrawing({ id });
  if (share && share.ok) return share.data;
  void wx.showToast({ title: share ? textOf(share.problem) : why, icon: 'none' });
  return undefined;
}

/** Sends what is unsent of a drawing. Gives why the service does not have it; empty if it has. */
async function unsent(id: string): Promise<string> {
  await client.drawings.flush(id);
  const state = client.drawings.state(id);
  if (!state || state.status === 'saved') return '';
  if (state.status === 'conflict') return words.decideFirst;
  if (state.status === 'deleted') return words.problems.gone;
  return state.problem ? textOf(state.problem) : words.states.waiting;
}

/** How long a card may take, in milliseconds. After three seconds WeChat sends it without what is promised. */
const patience = 2_500;

async function shared(id: string): Promise<{ path?: string; imageUrl?: string | undefined }> {
  const late = new Promise<undefined>(resolve => setTimeout(resolve, patience));
  const share = await shareOf(id);
  return share ? { path: pathOf(share.token), imageUrl: await Promise.race([pictureOf(share.token), late]) } : {};
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
