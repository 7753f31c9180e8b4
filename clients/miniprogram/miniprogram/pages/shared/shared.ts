import { contentOf } from 'onestroke-client';
import { client } from '../../client';
import type { Player } from '../../components/player/player';
import { textOf } from '../../problem';
import { pathOf } from '../../share';
import { words } from '../../words';

/** A shared drawing: `?token=`. It needs no login. */
Page({
  data: { words, author: '' },
  title: '',

  async onReady(): Promise<void> {
    const shared = await client.getSharedDrawing({ token: this.options.token! });
    const player = this.selectComponent('#player') as unknown as Player;
    if (!shared.ok) return player.say(textOf(shared.problem));
    const { title, author = '' } = shared.data;
    this.title = title;
    this.setData({ author });
    void wx.setNavigationBarTitle({ title: title || words.untitled });
    await player.show(contentOf(shared.data));
  },

  tryIt(): void {
    void wx.reLaunch({ url: '/pages/gallery/gallery' });
  },

  onShareAppMessage(): WechatMiniprogram.Page.ICustomShareContent {
    return { title: this.title || words.name, path: pathOf(this.options.token!) };
  },
});
