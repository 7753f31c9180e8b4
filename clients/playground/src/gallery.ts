import type { DrawingContent, DrawingState, DrawingSummary, Unsent } from 'onestroke-client';
import { bar, brand, languageButton, stamp, userButton } from './bars';
import { drawn, el, flourish, icon, iconButton } from './dom';
import { actionTime, ask, choose, endToast, sayOffline, toast } from './overlays';
import { offerDownload, picture } from './pictures';
import { go, type Screen, write } from './routes';
import { client, home, onOtherTab, sayProblem, user } from './service';
import { ago, words } from './words';

/** A drawing in the gallery: as the service lists it, or as it is unsent here. */
interface Entry {
  id: string;
  title: string;
  shown: DrawingSummary | DrawingContent;
  when: string;
  /** Why the service does not have what is shown; empty if it has. */
  unsent: string;
}

/** The first is the order in which the service lists drawings. */
const orders = ['newest', 'oldest', 'title'] as const;

/** The gallery as it was left: the drawings listed so far, the search, the order and the scroll position. */
const untouched = {
  owner: '',
  items: [] as DrawingSummary[],
  next: undefined as string | undefined,
  stale: true,
  search: '',
  order: orders[0] as string,
  top: 0,
};
const listed = { ...untouched };
client.drawings.subscribe(state => {
  listed.stale ||= state.status === 'saved' || state.status === 'deleted';
  if (state.status === 'conflict' && !state.mine) keepTheirs(state);
});

/** The drawing that is hidden until the time to undo its deletion is over. */
let removed: string | undefined;
let removal = 0;
// The deletion is stored, and sent now or when the page is opened again. A page that ends without this event deletes nothing.
addEventListener('pagehide', removeNow);
/** Updates the gallery that was shown last. */
let update = () => {};

/** Whether a user with an empty gallery was already sent to a new drawing. */
let invited = false;

const titles = new Intl.Collator(undefined, { numeric: true });
/** With fewer drawings there is nothing to search. */
const leastToSearch = 6;

/** A text without the differences that a search ignores: case, width, and how accents are encoded. */
function folded(text: string): string {
  return text.normalize('NFKC').toLocaleLowerCase();
}

/** All drawings, newest first, with the unsent ones. */
export function createGallery(changed: () => void): Screen {
  if (listed.owner !== user.name) Object.assign(listed, untouched, { owner: user.name });
  let loading = false;
  /** The request that failed last. */
  let failed: { cursor?: string } | undefined;
  let left = false;
  const cards = new Map<string, { of: string; element: HTMLElement }>();

  const invitation = el(
    'li',
    { class: 'card new' },
    el(
      'a',
      { href: '#/draw', 'aria-keyshortcuts': 'N' },
      el('span', { class: 'frame' }, drawn('0 0 300 300', flourish, 'line'), icon('plus')),
      el('span', { class: 'caption' }, el('span', { class: 'card-title' }, words.draw), el('kbd', {}, 'N')),
    ),
  );
  const search = el('input', {
    type: 'search',
    dir: 'auto',
    placeholder: words.search,
    'aria-label': words.search,
    autocomplete: 'off',
    oninput: () => arrange(),
  });
  const order = el(
    'select',
    { 'aria-label': words.order, onchange: () => arrange() },
    ...orders.map(value => el('option', { value }, words.orders[value])),
  );
  search.value = listed.search;
  order.value = listed.order;
  const finder = el('div', { class: 'finder', role: 'search', hidden: true }, search, order);
  const grid = el('ul', { class: 'grid' }, invitation);
  const more = el('div', { class: 'more', role: 'status' });
  const element = el(
    'main',
    { class: 'gallery' },
    bar(
      brand(),
      el('span', { class: 'space' }),
      el('a', { class: 'quiet small wide-only', href: home + 'docs' }, words.docs),
      languageButton(changed),
      userButton(logOut),
    ),
    el('div', { class: 'gallery-head' }, el('h1', { tabindex: -1 }, words.gallery), finder),
    grid,
    more,
  );

  const watched = new IntersectionObserver(
    seen => seen.some(({ isIntersecting }) => isIntersecting) && listed.next && void load(listed.next),
    { rootMargin: '600px' },
  );
  const stop = client.drawings.subscribe(state => {
    if (state.status === 'deleted') listed.items = listed.items.filter(({ id }) => id !== state.id);
    if (state.status === 'saved') void load();
    else lay();
  });
  const stopTabs = onOtherTab(() => {
    listed.stale = true;
    void load();
  });
  const heal = () => failed && void load(failed.cursor);
  addEventListener('online', heal);
  update = lay;
  if (!listed.stale) lay(); // otherwise cards would move when the list arrives
  void load().then(() => !left && scrollY === 0 && scrollTo(0, listed.top));
  return {
    title: words.gallery,
    element,
    top: listed.top,
    leave() {
      left = true;
      Object.assign(listed, { top: scrollY, search: search.value, order: order.value });
      stop();
      stopTabs();
      removeEventListener('online', heal);
      watched.disconnect();
    },
    key: event => event.key.toLowerCase() === 'n' && !event.ctrlKey && !event.metaKey && go({ at: 'draw' }),
  };

  /** Logs out here at once: the network may be slow. */
  function logOut(): void {
    removeNow(); // as this user
    void client.logOut();
    user.name = undefined;
    changed();
  }

  /** Gets the newest drawings, or those after a cursor. */
  async function load(cursor?: string): Promise<void> {
    if (loading) return;
    loading = true;
    listed.stale = false;
    if (!listed.items.length) more.textContent = words.loading;
    const result = await client.listDrawings({ limit: isArranged() ? 100 : 24, cursor });
    loading = false;
    if (left) return;
    if (result.ok) {
      const { items, nextCursor } = result.data;
      const before = cursor ? listed.items : [];
      const ids = new Set([...before, ...items].map(({ id }) => id));
      const last = listed.items.findIndex(({ id }) => id === items[items.length - 1]?.id);
      const after = cursor || last < 0 ? [] : listed.items.slice(last + 1); // listed earlier
      if (!after.length) listed.next = nextCursor;
      listed.items = [...before, ...items, ...after.filter(({ id }) => !ids.has(id))];
    }
    failed = result.ok ? undefined : { cursor };
    more.replaceChildren();
    lay();
    if (!result.ok)
      return more.append(
        el('p', {}, sayProblem(result.problem)),
        el('button', { type: 'button', class: 'quiet', onclick: () => void load(cursor) }, words.retry),
      );
    if (listed.stale) return load(); // something was saved meanwhile
    if (!entries().length && !invited) go({ at: 'draw' });
    else if (isArranged() && listed.next) return load(listed.next);
    invited = true;
    watched.disconnect();
    watched.observe(more); // reports again whether it is visible
  }

  /** Whether all drawings must be listed, as they are searched or in another order. */
  function isArranged(): boolean {
    return search.value.trim() !== '' || order.value !== orders[0];
  }

  function arrange(): void {
    lay();
    if (isArranged() && listed.next) void load(listed.next);
  }

  /** The entries that match the search, in the chosen order. */
  function arranged(): Entry[] {
    const wanted = folded(search.value.trim());
    const all = entries();
    finder.hidden = all.length < leastToSearch && !isArranged();
    const found = all.filter(({ title }) => folded(title || words.untitled).includes(wanted));
    if (order.value === 'oldest') found.reverse();
    if (order.value === 'title') found.sort((a, b) => titles.compare(a.title, b.title));
    return found;
  }

  function entries(): Entry[] {
    const unsent = client.drawings.unsent().reverse(); // newest first
    const here = new Map(unsent.map(entry => [entry.id, entry]));
    const reasons = { waiting: words.waiting, conflict: words.conflict, refused: words.refused };
    const reason = ({ state: { status } }: Unsent) => reasons[status as keyof typeof reasons];
    const fresh: Entry[] = [];
    for (const entry of unsent) {
      const { id, content } = entry;
      if (content && !listed.items.some(item => item.id === id))
        fresh.push({ id, title: content.title || '', shown: content, when: '', unsent: reason(entry) });
    }
    for (const item of listed.items) {
      const own = here.get(item.id);
      if (own && !own.content) continue;
      const content = own?.content;
      fresh.push({
        id: item.id,
        title: (content || item).title || '',
        shown: content || item,
        when: item.createdAt,
        unsent: own ? reason(own) : '',
      });
    }
    return fresh.filter(({ id }) => id !== removed);
  }

  /** Updates the cards. A card that has not changed keeps its element. */
  function lay(): void {
    const wanted = arranged();
    const elements = wanted.map(entry => {
      const of = JSON.stringify([
        entry.title,
        entry.unsent,
        'thumbnail' in entry.shown ? entry.shown.thumbnail : entry.shown,
        entry.shown.oneStroke,
      ]);
      const known = cards.get(entry.id);
      if (known?.of === of) return known.element;
      const made = card(entry);
      cards.set(entry.id, { of, element: made });
      return made;
    });
    const focused = Array.from(cards.values()).find(({ element }) => element.contains(document.activeElement));
    const place = focused ? Array.from(grid.children).indexOf(focused.element) : -1;
    for (const [id, { element }] of cards) if (!elements.includes(element)) cards.delete(id), element.remove();
    let before: Element = invitation;
    for (const element of elements) {
      if (before.nextElementSibling !== element) before.after(element);
      before = element;
    }
    while (before.nextElementSibling) before.nextElementSibling.remove();
    // The focus of a card that was removed goes to the next one.
    if (focused && !focused.element.isConnected)
      (grid.children[place] || grid.lastElementChild)?.querySelector('a')?.focus();
  }

  function card(entry: Entry): HTMLElement {
    const name = entry.title || words.untitled;
    return el(
      'li',
      { class: 'card' },
      el(
        'a',
        { href: `#/draw/${entry.id}`, 'aria-label': name },
        el('span', { class: 'frame' }, picture(entry.shown), entry.shown.oneStroke && stamp()),
      ),
      el(
        'div',
        { class: 'caption' },
        el('span', { class: 'card-title', dir: 'auto' }, name),
        entry.unsent
          ? el('span', { class: 'when', title: entry.unsent }, icon(entry.unsent === words.waiting ? 'cloud' : 'warn'))
          : el('time', { class: 'when', datetime: entry.when }, ago(entry.when)),
        iconButton('more', `${words.more}: ${name}`, () => offer(entry)),
      ),
    );
  }

  function offer({ id, title }: Entry): void {
    choose(title || words.untitled, [
      { label: words.replay, icon: 'play', run: () => go({ at: 'replay', id }) },
      {
        label: words.rename,
        icon: 'rename',
        run: () =>
          ask(words.rename, words.title, title, value => void change(id, content => ({ ...content, title: value }))),
      },
      { label: words.share, icon: 'share', run: () => share(id) },
      { label: words.download, icon: 'download', run: () => offerDownload(title, { id }) },
      { label: words.remove, icon: 'clear', danger: true, run: () => void remove(id) },
    ]);
  }

  async function change(id: string, to: (content: DrawingContent) => DrawingContent): Promise<void> {
    const opened = await client.drawings.open(id);
    if (opened.ok) client.drawings.save(id, to(opened.data));
    else toast(sayProblem(opened.problem));
  }
}

/** Shares a drawing. What this needs is loaded only now. */
export function share(id: string): void {
  void import('./share').then(({ share }) => share(id), sayOffline);
}

/** Hides a drawing, and deletes it when the time to undo is over: if the user undoes it, its share still exists. */
export async function remove(id: string): Promise<void> {
  const opened = await client.drawings.open(id); // only this state is deleted
  if (!opened.ok) return toast(sayProblem(opened.problem));
  if (location.hash === write({ at: 'draw', id })) return; // the user has opened it again
  removeNow();
  removed = id;
  toast(words.removed, { label: words.restore, run: () => restore(id) });
  removal = setTimeout(removeNow, actionTime);
  update();
}

/** Shows a drawing again that is hidden. */
export function restore(id: string): void {
  if (id !== removed) return;
  removed = undefined;
  clearTimeout(removal);
  endToast();
  update();
}

/** Deletes the drawing that is hidden. */
function removeNow(): void {
  const id = removed;
  if (!id) return;
  restore(id);
  const state = client.drawings.state(id);
  if (state?.status === 'conflict') keepTheirs(state);
  else client.drawings.remove(id);
}

/** Drops what is here of a drawing that was deleted here and changed elsewhere. Deletes that, too, if the user says so. */
function keepTheirs({ id, theirs }: DrawingState & { status: 'conflict' }): void {
  client.drawings.discard(id);
  if (theirs) toast(words.notRemoved, { label: words.remove, run: () => void remove(id) });
}
