import { client } from './client';

App({
  onLaunch() {
    wx.onNetworkStatusChange(({ isConnected }) => {
      if (isConnected) void client.drawings.flush();
    });
  },

  onShow() {
    void client.drawings.flush();
  },

  onHide() {
    void client.drawings.flush();
  },
});
