import type { LoginCode } from 'onestroke-client';
import { createClient, wxLogin, wxStorage, wxTransport } from 'onestroke-client';
import { baseUrl } from './config';

/** The service, as the one user of this program. Unsent drawings wait in the phone's storage. */
export const client = createClient({
  baseUrl,
  transport: wxTransport(wx),
  storage: wxStorage(wx),
  login: /^http:\/\/(127\.0\.0\.1|localhost)\b/.test(baseUrl) ? simulatedLogin : wxLogin(wx),
});

/**
 * A service on the developer's own computer plays WeChat as well, unless it has an app id: then it
 * has no such path. No phone but the developer tool's reaches that computer.
 */
function simulatedLogin(): Promise<LoginCode> {
  return new Promise(resolve => {
    const withWeChat = () => resolve(wxLogin(wx)());
    wx.request({
      url: `${baseUrl}/simulator/login`,
      method: 'POST',
      data: { user: '小明' },
      success({ statusCode, data }) {
        if (statusCode !== 200) return withWeChat();
        const { code, rawData, signature } = data as { code: string; rawData: string; signature: string };
        resolve({ code, rawData, signature });
      },
      fail: withWeChat,
    });
  });
}
