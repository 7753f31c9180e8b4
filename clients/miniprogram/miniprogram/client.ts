import type { LoginCode } from 'onestroke-client';
import { createClient, wxLogin, wxStorage, wxTransport } from 'onestroke-client';
import { baseUrl } from './config';

/** The client of the service. Unsent drawings are in the phone's storage. */
export const client = createClient({
  baseUrl,
  transport: wxTransport(wx),
  storage: wxStorage(wx),
  login: /^http:\/\/(127\.0\.0\.1|localhost)\b/.test(baseUrl) ? simulatedLogin : wxLogin(wx),
});

/**
 * A service on the developer's computer simulates WeChat, unless it has an app id: then this path does not exist. Only
 * the developer tool's simulator reaches that computer, so this login is never used in production.
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
