import type { DrawingSummary } from 'onestroke-client';
import { maxTitle } from 'onestroke-drawing';
import { client } from '../../client';
import { textOf } from '../../problem';
import { cardOf } from '../../share';
import { words } from '../../words';
import type { Card } from './cards';
import { cardsOf } from './cards';

type Tap = WechatMiniprogram.BaseEvent<{}, { id: string; mode?: string }>;

/** Drawings of one request. A screen shows about six. */
const pageSize = 20;
/** The most that the service lists in one response. */
const mostListed = 100;
/** How long a deletion can be undone, in milliseconds. */
const regret = 5_000;

Page({
  data: {
    words,
    cards: [] as Card[],
    loading: true,
    more: false,
    problem: '',
    menu: null as Card | null,
    removed: '',
  },

  listed: [] as DrawingSummary[],
  cursor: undefined as string | undefined,
  /** Counts the requests: only the response to the last one is shown. */
  asked: 0,
  visible: false,
  removal: 0,
  unsubscribe: () => {},

  onLoad(): void {
    void wx.setNavigationBarTitle({ title: words.oneStroke });
    this.unsubscribe = client.drawings.subscribe(({ status }) => {
      if (!this.visible) return;
      if (status === 'saved' || status === 'deleted')
        void this.reload(); // the list is out of date
      else this.show();
    });
  },

  onShow(): void {
    this.visible = true;
    this.show();
    void this.reload();
  },

  onHide(): void {
    this.visible = false;
    this.removeNow();
  },

  onUnload(): void {
    this.unsubscribe();
    this.removeNow();
  },

  async onPullDownRefresh(): Promise<void> {
    await this.reload();
    void wx.stopPullDownRefresh();
  },

  onReachBottom(): void {
    if (this.data.more) void this.list({ limit: pageSize, cursor: this.cursor });
  },

  /** Lists again as many drawings as are shown. */
  reload(): Promise<void> {
    return this.list({ limit: Math.min(Math.max(this.listed.length, pageSize), mostListed) });
  },

  async list({ limit, cursor }: { limit: number; cursor?: string }): Promise<void> {
    const turn = ++this.asked;
    this.setData({ loading: true });
    const result = await client.listDrawings({ limit, cursor });
    if (turn !== this.asked) return;
    if (result.ok) {
      this.listed = cursor ? this.listed.concat(result.data.items) : result.data.items;
      this.cursor = result.data.nextCursor;
    }
    this.setData({ loading: false, more: !!this.cursor, problem: result.ok ? '' : textOf(result.problem) });
    this.show();
  },

  show(): void {
    this.keepIfChanged();
    this.setData({ cards: cardsOf(this.listed, client.drawings.unsent(), this.data.removed) });
  },

  /** Keeps a drawing that was deleted here and changed elsewhere. */
  keepIfChanged(): void {
    for (const { id, content, state } of client.drawings.unsent()) {
      if (content || state.status !== 'conflict') continue;
      client.drawings.discard(id);
      void wx.showToast({ title: words.notDeleted, icon: 'none' });
    }
  },

  open({ currentTarget }: Tap): void {
    void wx.navigateTo({ url: `/pages/replay/replay?id=${currentTarget.dataset.id}` });
  },

  draw({ currentTarget }: Tap): void {
    void wx.navigateTo({ url: `/pages/draw/draw?mode=${currentTarget.dataset.mode || 'free'}` });
  },

  showMenu({ currentTarget }: Tap): void {
    this.setData({ menu: this.data.cards.find(({ id }) => id === currentTarget.dataset.id) || null });
  },

  hideMenu(): void {
    this.setData({ menu: null });
  },

  /** Stops the page from scrolling under the menu. */
  hold() {},

  async rename(): Promise<void> {
    const { id, title } = this.data.menu!;
    this.hideMenu();
    const answer = await wx.showModal({
      title: words.titleOf,
      content: title,
      editable: true,
      confirmText: words.rename,
      cancelText: words.cancel,
    });
    if (!answer.confirm) return;
    const opened = await client.drawings.open(id);
    if (opened.ok) client.drawings.save(id, { ...opened.data, title: cut(answer.content.trim(), maxTitle) });
    else void wx.showToast({ title: textOf(opened.problem), icon: 'none' });
  },

  /** Hides a drawing, and deletes it when the time to undo is over: if the user undoes it, its share still exists. */
  remove(): void {
    const { id } = this.data.menu!;
    this.hideMenu();
    this.removeNow();
    this.setData({ removed: id });
    this.show();
    this.removal = setTimeout(() => this.removeNow(), regret);
  },

  takeBack(): void {
    clearTimeout(this.removal);
    this.setData({ removed: '' });
    this.show();
  },

  removeNow(): void {
    const { removed } = this.data;
    if (!removed) return;
    clearTimeout(this.removal);
    this.listed = this.listed.filter(({ id }) => id !== removed);
    this.setData({ removed: '' });
    client.drawings.remove(removed);
    this.show();
  },

  onShareAppMessage({
    target,
  }): WechatMiniprogram.Page.ICustomShareContent | WechatMiniprogram.Page.IAsyncCustomShareContent {
    const id: unknown = target && (target as WechatMiniprogram.Target).dataset['id'];
    const card = this.data.cards.find(card => card.id === id);
    return card ? cardOf(card.id, card.title) : { title: words.oneStroke, path: '/pages/gallery/gallery' };
  },
});

/** The first characters of a text: as the contract counts them, an emoji is one. */
function cut(text: string, length: number): string {
  return Array.from(text).slice(0, length).join('');
}
