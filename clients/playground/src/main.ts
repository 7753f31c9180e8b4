import { el } from './dom';
import { createEditor } from './editor';
import { createGallery } from './gallery';
import { showKeys } from './keys';
import { type Route, read, type Screen, setTitle } from './routes';
import { registerWorker, user } from './service';
import { openReplay, openShared } from './viewer';
import { createWelcome } from './welcome';

const app = document.getElementById('app')!;
let screen: Screen | undefined;

function open(route: Route): Screen {
  if (route.at === 'shared') return openShared(route.token, show);
  if (!user.name) return createWelcome(show);
  switch (route.at) {
    case 'gallery':
      return createGallery(show);
    case 'draw':
      return createEditor(route.id);
    case 'replay':
      return openReplay(route.id);
  }
}

/** Shows what the address names. */
function show(): void {
  screen?.leave?.();
  document.querySelectorAll('dialog').forEach(dialog => dialog.close());
  screen = open(read(location.hash));
  setTitle(screen.title);
  app.replaceChildren(screen.element);
  scrollTo(0, screen.top || 0);
  // A screen reader announces the new screen.
  const start = screen.element.querySelector<HTMLElement>('[data-focus]') || screen.element.querySelector('h1');
  if (document.activeElement === document.body) start?.focus({ preventScroll: true });
}

addEventListener('hashchange', show);
addEventListener('keydown', event => {
  const target = event.target as HTMLElement;
  const takesKeys = target.closest('input:not([type=range]), select, textarea, dialog');
  if (takesKeys || event.altKey) return;
  if (event.key === '?') showKeys();
  else screen?.key?.(event);
});
app.append(el('main'));
show();
addEventListener('load', () => void registerWorker());
