import { words } from './words';

/** What the page shows. It is in the address after `#`, which browsers do not send to a server. */
export type Route =
  | { at: 'gallery' }
  | { at: 'draw'; id?: string }
  | { at: 'replay'; id: string }
  | { at: 'shared'; token: string };

/** One screen of the page. */
export interface Screen {
  /** Names the tab, until the screen calls setTitle. */
  title: string;
  element: HTMLElement;
  /** The scroll position, in pixels. */
  top?: number;
  /** Called when it is on the page and its size is known. Only then does it load what it shows. */
  entered?(): void;
  /** Called when another screen takes its place. */
  leave?(): void;
  /** Called for each key, unless it is for a field. */
  key?(event: KeyboardEvent): void;
}

export function read(hash: string): Route {
  const [at, what] = hash.replace(/^#\/?/, '').split('/');
  if (at === 'draw') return { at, id: what };
  if (at === 'replay' && what) return { at, id: what };
  if (at === 'shared' && what) return { at, token: what };
  return { at: 'gallery' };
}

export function write(route: Route): string {
  switch (route.at) {
    case 'gallery':
      return '#/';
    case 'draw':
      return route.id ? `#/draw/${route.id}` : '#/draw';
    case 'replay':
      return `#/replay/${route.id}`;
    case 'shared':
      return `#/shared/${route.token}`;
  }
}

/** Names the screen in the tab. */
export function setTitle(title: string): void {
  document.title = `${title} · ${words.name}`;
}

export function go(route: Route): void {
  location.hash = write(route);
}
