import { contentOf } from 'onestroke-client';
import { client } from '../../client';
import type { Player } from '../../components/player/player';
import { baseUrl } from '../../config';
import { textOf } from '../../problem';
import { pathOf } from '../../share';
import { isOnTop } from '../../top';
import { words } from '../../words';

type Reason = keyof typeof words.reportReasons;
type Tap = WechatMiniprogram.BaseEvent<{}, { reason: Reason }>;

/** The scene in which WeChat opens a page from Moments: by itself, without a login and without other pages. */
const singlePage = 1154;

/** A shared drawing: `?token=`, or `?scene=` from its mini program code. It needs no login. */
Page({
  data: {
    words,
    author: '',
    avatar: '',
    /** Whether the drawing is there, so that it can be reported. */
    found: false,
    single: false,
    reporting: false,
    reasons: Object.entries(words.reportReasons).map(([value, text]) => ({ value, text })),
  },
  token: '',
  title: '',
  /** Counts the requests: only the answer to the last one is shown. */
  asked: 0,

  onLoad({ token, scene }): void {
    this.token = token || decodeURIComponent(scene || '');
    this.setData({ single: wx.getEnterOptionsSync().scene === singlePage });
  },

  /** Also on a return, if the drawing is not there: the network may be back. */
  async onShow(): Promise<void> {
    if (this.data.found) return;
    const turn = ++this.asked;
    const shared = await client.getSharedDrawing({ token: this.token });
    if (turn !== this.asked || !isOnTop(this)) return;
    const player = this.selectComponent('#player') as unknown as Player;
    if (!shared.ok) return player.say(textOf(shared.problem));
    const { title, author = '', authorAvatar } = shared.data;
    this.title = title;
    const avatar = authorAvatar ? `${baseUrl}/v1/shared/${this.token}/avatar` : '';
    this.setData({ author, avatar, found: true });
    void wx.setNavigationBarTitle({ title: title || words.untitled });
    await player.show(contentOf(shared.data));
  },

  tryIt(): void {
    void wx.reLaunch({ url: '/pages/gallery/gallery' });
  },

  askReason(): void {
    this.setData({ reporting: true });
  },

  hideReasons(): void {
    this.setData({ reporting: false });
  },

  /** Stops the page from scrolling under the sheet. */
  hold() {},

  async report({ currentTarget }: Tap): Promise<void> {
    this.hideReasons();
    const { reason } = currentTarget.dataset;
    const { confirm, content } = await wx.showModal({
      title: words.reportReasons[reason],
      editable: true,
      placeholderText: words.reportNote,
      confirmText: words.report,
      cancelText: words.cancel,
    });
    if (!confirm) return;
    const note = Array.from((content || '').trim())
      .slice(0, 200)
      .join('');
    const reported = await client.reportSharedDrawing({ token: this.token, body: { reason, note } });
    void wx.showToast({ title: reported.ok ? words.reported : textOf(reported.problem), icon: 'none' });
  },

  onShareAppMessage(): WechatMiniprogram.Page.ICustomShareContent {
    return { title: this.title || words.name, path: pathOf(this.token) };
  },

  onShareTimeline(): WechatMiniprogram.Page.ICustomTimelineContent {
    return { title: this.title || words.name, query: `token=${this.token}` };
  },
});
