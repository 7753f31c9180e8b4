import type { DrawingContent } from 'onestroke-client';
import { isSameContent } from 'onestroke-client';
import { client } from '../../client';
import type { Player } from '../../components/player/player';
import { left } from '../../left';
import { openPage } from '../../open';
import { textOf } from '../../problem';
import { cardOf } from '../../share';
import { isOnTop } from '../../top';
import { words } from '../../words';

/** The replay of one of the user's drawings: `?id=`. */
Page({
  data: { words },
  title: '',
  /** What the player has. */
  shown: undefined as DrawingContent | undefined,
  /** Counts the requests: only the answer to the last one is shown. */
  asked: 0,

  /** Also on every return, as the drawing may have changed. */
  async onShow(): Promise<void> {
    const { id } = this.options;
    const turn = ++this.asked;
    const player = this.selectComponent('#player') as unknown as Player;
    const miss = (notice: string) => {
      this.shown = undefined;
      player.say(notice);
    };
    if (id === left.empty) return miss(words.problems.gone);
    const opened = await client.drawings.open(id!);
    if (turn !== this.asked || !isOnTop(this)) return;
    if (!opened.ok) {
      const why = textOf(opened.problem);
      // Without a network, what is there can still be watched.
      if (!this.shown || why === words.problems.gone) miss(why);
      return;
    }
    if (this.shown && isSameContent(this.shown, opened.data)) return;
    this.shown = opened.data;
    this.title = opened.data.title || '';
    void wx.setNavigationBarTitle({ title: this.title || words.untitled });
    await player.show(opened.data);
  },

  goOn(): void {
    openPage(`/pages/draw/draw?id=${this.options.id}`);
  },

  openShare(): void {
    openPage(`/pages/share/share?id=${this.options.id}`);
  },

  onShareAppMessage(): WechatMiniprogram.Page.IAsyncCustomShareContent {
    return cardOf(this.options.id!, this.title);
  },
});
