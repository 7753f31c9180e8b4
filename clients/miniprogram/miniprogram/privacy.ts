import { words } from './words';

/**
 * Whether the user agrees to the privacy guide, which WeChat shows if they have not yet. WeChat refuses interfaces that
 * get something of the user before that. A base library older than 2.32.3 does not ask.
 */
export function agreed(): Promise<boolean> {
  return new Promise(resolve => {
    if (!wx.requirePrivacyAuthorize) return resolve(true);
    wx.requirePrivacyAuthorize({
      success: () => resolve(true),
      fail() {
        void wx.showToast({ title: words.privacyRefused, icon: 'none' });
        resolve(false);
      },
    });
  });
}
