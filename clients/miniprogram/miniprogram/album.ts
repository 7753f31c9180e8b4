import { agreed } from './privacy';
import { words } from './words';

/** Saves a picture to the album. If the user once refused that, it can be allowed in the settings only. */
export async function saveToAlbum(filePath: string): Promise<void> {
  if (!(await agreed())) return;
  const error = await saved(filePath);
  if (error === undefined) return void wx.showToast({ title: words.savedIt });
  if (/cancel/.test(error)) return;
  if (!/auth/.test(error)) return void wx.showToast({ title: words.notSaved, icon: 'none' });
  const { confirm } = await wx.showModal({
    content: words.mayNotSave,
    confirmText: words.openSettings,
    cancelText: words.cancel,
  });
  if (confirm) void wx.openSetting();
}

/** Why a picture was not saved; undefined if it was. */
function saved(filePath: string): Promise<string | undefined> {
  return new Promise(resolve =>
    wx.saveImageToPhotosAlbum({
      filePath,
      success: () => resolve(undefined),
      fail: ({ errMsg }) => resolve(errMsg),
    }),
  );
}
