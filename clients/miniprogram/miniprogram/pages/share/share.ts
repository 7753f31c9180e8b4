import { saveToAlbum } from '../../album';
import { client } from '../../client';
import { openPage } from '../../open';
import { compose } from '../../poster';
import { textOf } from '../../problem';
import { screenOf } from '../../screen';
import type { Share } from '../../share';
import { cardOf, pathOf, shareOf } from '../../share';
import { isOnTop } from '../../top';
import { words } from '../../words';

/** The share of one of the user's drawings: `?id=`. */
Page({
  data: {
    words,
    /** Whether it is shared; not known until the service has answered. */
    shared: undefined as boolean | undefined,
    says: '',
    /** The file of the poster, once it is made. */
    poster: '',
    busy: false,
  },
  title: '',
  token: '',
  /** Counts what was asked and what was changed: an answer that a change has overtaken is not shown. */
  asked: 0,

  /** Also on every return: the share may have begun, or WeChat may have decided. */
  async onShow(): Promise<void> {
    const { id } = this.options;
    const opened = await client.drawings.open(id!);
    if (!isOnTop(this)) return;
    if (opened.ok) this.title = opened.data.title || '';
    void wx.setNavigationBarTitle({ title: this.title || words.untitled });
    const turn = ++this.asked;
    const share = await client.getShare({ id: id! });
    if (turn !== this.asked) return;
    if (share.ok) this.show(share.data);
    else if (share.problem.code === 'ERR_NOT_FOUND') this.show();
    else void wx.showToast({ title: textOf(share.problem), icon: 'none' });
  },

  show(share?: Share): void {
    this.asked++;
    this.token = share ? share.token : '';
    this.setData({ shared: !!share, says: share ? textOfState(share) : words.notShared });
  },

  /** Makes a poster of the drawing as it is now, with the code of its share. */
  async makePoster(): Promise<void> {
    if (this.data.busy) return;
    this.setData({ busy: true });
    try {
      const made = await this.posterFile();
      this.setData({ poster: (this.data.shared && made) || '' }); // the share may have ended meanwhile
    } catch {
      void wx.showToast({ title: words.noPoster, icon: 'none' });
    } finally {
      this.setData({ busy: false });
    }
  },

  async posterFile(): Promise<string | undefined> {
    const id = this.options.id!;
    const share = await shareOf(id);
    if (!share) return undefined;
    this.show(share);
    const [opened, code, profile] = await Promise.all([
      client.drawings.open(id),
      client.getShareCode({ id }),
      client.getProfile(),
    ]);
    const failed = [opened, code].find(({ ok }) => !ok);
    if (failed && !failed.ok) void wx.showToast({ title: textOf(failed.problem), icon: 'none' });
    if (!opened.ok || !code.ok) return undefined;
    const author = (profile.ok && profile.data.nicknameState === 'approved' && profile.data.nickname) || '';
    return compose(await screenOf(this, '#poster'), { content: opened.data, author, code: code.data });
  },

  save(): void {
    void saveToAlbum(this.data.poster);
  },

  preview(): void {
    openPage(pathOf(this.token));
  },

  async stop(): Promise<void> {
    const { confirm } = await wx.showModal({
      title: words.unshare,
      content: words.unshareSays,
      confirmText: words.stop,
      cancelText: words.cancel,
    });
    if (!confirm) return;
    const ended = await client.unshareDrawing({ id: this.options.id! });
    void wx.showToast({ title: ended.ok ? words.unshared : textOf(ended.problem), icon: 'none' });
    if (!ended.ok) return;
    this.show();
    this.setData({ poster: '' });
  },

  onShareAppMessage(): WechatMiniprogram.Page.IAsyncCustomShareContent {
    return cardOf(this.options.id!, this.title);
  },
});

/** Whether others see the drawing, and why not. A state that is newer than this program says itself. */
function textOfState({ state, reason }: Share): string {
  if (state === 'approved') return words.shown;
  const says = words.shareStates[state as keyof typeof words.shareStates] || state;
  const why = words.shareReasons[reason as keyof typeof words.shareReasons];
  return why ? `${says}${words.because}${why}` : says;
}
