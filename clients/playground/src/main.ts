import { el } from './dom';
import { createGallery } from './gallery';
import { openKeys, toast } from './overlays';
import { type Route, read, type Screen, setTitle } from './routes';
import { registerWorker, user } from './service';
import { characterKeys } from './storage';
import { createWelcome } from './welcome';
import { words } from './words';

// Loaded after the first screen, or when they are needed.
const editor = () => import('./editor');
const viewer = () => import('./viewer');

const app = document.getElementById('app')!;
let screen: Screen | undefined;
/** Counts the screens that were asked for: only the last one is shown. */
let asked = 0;

async function open(route: Route): Promise<Screen> {
  if (route.at === 'shared') return (await viewer()).openShared(route.token, show);
  if (!user.name) return createWelcome(show);
  switch (route.at) {
    case 'gallery':
      return createGallery(show);
    case 'draw':
      return (await editor()).createEditor(route.id);
    case 'replay':
      return (await viewer()).openReplay(route.id);
  }
}

/** Shows what the address names. */
async function show(): Promise<void> {
  const turn = ++asked;
  screen?.leave?.();
  screen = undefined;
  document.querySelectorAll('dialog').forEach(dialog => dialog.close());
  const opened = await open(read(location.hash)).catch(() =>
    // The address stays, so to press the same link would do nothing.
    toast(words.offline, { label: words.retry, run: () => void show() }),
  );
  if (!opened) return;
  if (turn !== asked) return opened.leave?.();
  screen = opened;
  setTitle(screen.title);
  app.replaceChildren(screen.element);
  screen.entered?.();
  scrollTo(0, screen.top || 0);
  // A screen reader announces the new screen.
  const start = screen.element.querySelector<HTMLElement>('[data-focus]') || screen.element.querySelector('h1');
  if (document.activeElement === document.body) start?.focus({ preventScroll: true });
}

addEventListener('hashchange', () => void show());
addEventListener('keydown', event => {
  const target = event.target as HTMLElement;
  const takesKeys = target.closest('input:not([type=range]), select, textarea, dialog');
  if (takesKeys || event.altKey) return;
  // The space bar is not among them: it is a key of replays as it is a key of buttons.
  if (/^\S$/.test(event.key) && !event.ctrlKey && !event.metaKey && !characterKeys()) return;
  // A Chinese keyboard layout gives the full-width mark.
  if (event.key === '?' || event.key === '？') openKeys();
  else screen?.key?.(event);
});
app.append(el('main'));
void show();
addEventListener('load', () => {
  void registerWorker();
  void editor();
  void viewer();
});
