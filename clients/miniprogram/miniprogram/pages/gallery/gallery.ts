import type { DrawingState, DrawingSummary } from 'onestroke-client';
import { maxTitle, picture } from 'onestroke-drawing';
import { client } from '../../client';
import { left } from '../../left';
import { openPage } from '../../open';
import { textOf } from '../../problem';
import { cardOf } from '../../share';
import { words } from '../../words';
import type { Card } from './cards';
import { cardsOf, pagesOf } from './cards';

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
    /** The cards in pages: one `setData` takes 1 MB, and only pages that have changed are sent. */
    pages: [] as { number: number; cards: Card[] }[],
    empty: true,
    loading: true,
    more: false,
    problem: '',
    menu: null as Card | null,
    removed: '',
  },

  listed: [] as DrawingSummary[],
  /** The drawings that were saved since they were listed. */
  outdated: [] as string[],
  /** What `data.pages` holds, as the same objects. */
  shown: [] as Card[][],
  cursor: undefined as string | undefined,
  /** Counts the requests: only the response to the last one is shown. */
  asked: 0,
  /** Whether the user waits for the drawings after those that are listed. */
  wantsMore: false,
  /** Whether the list is out of date, and whether it is about to be renewed. */
  due: false,
  renewing: false,
  visible: false,
  removal: 0,
  unsubscribe: () => {},

  onLoad(): void {
    void wx.setNavigationBarTitle({ title: words.name });
    this.unsubscribe = client.drawings.subscribe(({ id, status }) => {
      if (status === 'saved') this.outdated.push(id);
      if (status === 'deleted') this.listed = this.listed.filter(drawing => drawing.id !== id);
      if (!this.visible) return;
      if (status === 'saved' || status === 'deleted') void this.renew();
      else this.show();
    });
  },

  onShow(): void {
    this.visible = true;
    if (left.empty) this.removeLater(left.empty);
    else this.show();
    left.empty = '';
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
    void client.drawings.flush();
    await this.list({ limit: pageSize });
    void wx.stopPullDownRefresh();
  },

  onReachBottom(): void {
    if (!this.data.more) return;
    this.wantsMore = true;
    if (!this.data.loading) void this.listMore();
  },

  listMore(): Promise<void> {
    return this.list({ limit: pageSize, cursor: this.cursor });
  },

  /** Lists the newest drawings again. Those that were listed after them stay, so that the place on the screen does too. */
  reload(): Promise<void> {
    return this.list({ limit: Math.min(Math.max(this.listed.length, pageSize), mostListed) }, this.listed);
  },

  /** Lists the newest drawings again after a change; after many changes that follow each other, not once for each. */
  async renew(): Promise<void> {
    this.due = true;
    this.asked++; // what is under way is out of date
    if (this.renewing) return;
    this.renewing = true;
    while (this.due && this.visible) {
      this.due = false;
      await this.reload();
    }
    this.renewing = false;
  },

  /** Lists drawings, those after a cursor or the newest. The latter replace `before` as far as they go. */
  async list({ limit, cursor }: { limit: number; cursor?: string }, before: DrawingSummary[] = []): Promise<void> {
    const turn = ++this.asked;
    this.setData({ loading: true });
    const result = await client.listDrawings({ limit, cursor });
    if (turn !== this.asked) return;
    if (result.ok) {
      const { items, nextCursor } = result.data;
      this.outdated = this.outdated.filter(id => !items.some(item => item.id === id));
      const last = before.findIndex(({ id }) => items.length > 0 && id === items[items.length - 1]!.id);
      const after = last < 0 ? [] : await Promise.all(before.slice(last + 1).map(drawing => this.renewed(drawing)));
      if (turn !== this.asked) return;
      this.listed = (cursor ? this.listed : []).concat(items, after);
      if (!after.length) this.cursor = nextCursor;
    }
    this.setData({ loading: false, more: !!this.cursor, problem: result.ok ? '' : textOf(result.problem) });
    this.show();
    const waits = this.wantsMore && !cursor && result.ok && this.data.more;
    this.wantsMore = false;
    if (waits) await this.listMore();
  },

  /** The drawing as it is now, if it was saved since it was listed. */
  async renewed(drawing: DrawingSummary): Promise<DrawingSummary> {
    if (!this.outdated.includes(drawing.id)) return drawing;
    const opened = await client.drawings.open(drawing.id);
    if (!opened.ok) return drawing;
    this.outdated = this.outdated.filter(id => id !== drawing.id);
    return { ...drawing, title: opened.data.title || '', thumbnail: picture(opened.data) };
  },

  /** Sends the pages that have changed, each by itself. */
  show(): void {
    this.keepIfChanged();
    const before = this.shown;
    this.shown = pagesOf(cardsOf(this.listed, client.drawings.unsent(), this.data.removed), before);
    for (let i = 0; i < Math.max(before.length, this.shown.length); i++) {
      const [old, page] = [before[i] || [], this.shown[i] || []];
      const same = old.length === page.length && page.every((card, j) => card === old[j]);
      if (!same) this.setData({ [`pages[${i}]`]: { number: i, cards: page } });
    }
    const empty = !this.shown.length;
    if (empty !== this.data.empty) this.setData({ empty });
  },

  cardWith(id: unknown): Card | undefined {
    return this.shown.reduce<Card[]>((all, page) => all.concat(page), []).find(card => card.id === id);
  },

  /** Keeps drawings that were deleted here and changed elsewhere. */
  keepIfChanged(): void {
    for (const { content, state } of client.drawings.unsent())
      if (!content && state.status === 'conflict') this.keep(state);
  },

  /** Drops what is here of a drawing in conflict, and says so if the other device's state stays. */
  keep({ id, theirs }: DrawingState & { status: 'conflict' }): void {
    client.drawings.discard(id);
    if (theirs) void wx.showToast({ title: words.notDeleted, icon: 'none' });
  },

  open({ currentTarget }: Tap): void {
    openPage(`/pages/replay/replay?id=${currentTarget.dataset.id}`);
  },

  draw({ currentTarget }: Tap): void {
    openPage(`/pages/draw/draw?mode=${currentTarget.dataset.mode || 'free'}`);
  },

  showMenu({ currentTarget }: Tap): void {
    this.setData({ menu: this.cardWith(currentTarget.dataset.id) || null });
  },

  hideMenu(): void {
    this.setData({ menu: null });
  },

  /** Hides the menu, and gives the card that it was of: none at the second of two quick taps. */
  leaveMenu(): Card | null {
    const { menu } = this.data;
    this.hideMenu();
    return menu;
  },

  openShare(): void {
    const card = this.leaveMenu();
    if (card) openPage(`/pages/share/share?id=${card.id}`);
  },

  openMe(): void {
    openPage('/pages/me/me');
  },

  /** Stops the page from scrolling under the menu. */
  hold() {},

  async rename(): Promise<void> {
    const card = this.leaveMenu();
    if (!card) return;
    const { id, title } = card;
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

  remove(): void {
    const card = this.leaveMenu();
    if (card) this.removeLater(card.id);
  },

  /** Hides a drawing, and deletes it when the time to undo is over: if the user undoes it, its share still exists. */
  removeLater(id: string): void {
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
    const state = client.drawings.state(removed);
    if (state && state.status === 'conflict') this.keep(state);
    else client.drawings.remove(removed);
    this.show();
  },

  onShareAppMessage({
    target,
  }): WechatMiniprogram.Page.ICustomShareContent | WechatMiniprogram.Page.IAsyncCustomShareContent {
    const id: unknown = target && (target as WechatMiniprogram.Target).dataset['id'];
    const card = this.cardWith(id);
    return card ? cardOf(card.id, card.title) : { title: words.name, path: '/pages/gallery/gallery' };
  },
});

/** The first characters of a text: as the contract counts them, an emoji is one. */
function cut(text: string, length: number): string {
  return Array.from(text).slice(0, length).join('');
}
