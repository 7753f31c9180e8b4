// WeChat's own declarations of `wx` fit what the client asks for.
import { request } from '../../src/2017.js';
import { createClient, newId, wxLogin, wxStorage, wxTransport } from '../../src/index.js';

const client = createClient({
  baseUrl: 'https://draw.example.com',
  transport: wxTransport(wx),
  login: wxLogin(wx),
  storage: wxStorage(wx),
});

Page({
  data: { titles: [] as string[] },

  async onLoad() {
    const result = await client.listDrawings({ limit: 20 });
    if (result.ok) this.setData({ titles: result.data.items.map(drawing => drawing.title) });
    else void wx.showToast({ title: result.problem.code });
  },

  onSave() {
    client.drawings.save(newId(), { canvas: { width: 3750, height: 6670 }, format: 1, strokes: [] });
  },

  onOldSave() {
    request({
      url: 'https://draw.example.com/applet/session/paints/save',
      method: 'POST',
      login: true,
      data: { id: 'j8x3k2m1q9w0zt', actions: '[]' },
      success: ({ statusCode, data }) => console.log(statusCode, data),
      fail: ({ errMsg }) => console.error(errMsg),
      complete: () => wx.hideLoading(),
    });
  },
});
