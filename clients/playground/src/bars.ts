import { type Child, drawn, el, icon } from './dom';
import { choose, openKeys } from './overlays';
import { user } from './service';
import { language, switchLanguage, words } from './words';

const seal =
  'M5 17.500c2.600-6.400 6.200-9.600 8.600-8.200 3.400 2-4.200 11.400-.9 12.900 2.900 1.300 4.700-7.300 7.800-6.600 2.100.5.3 5 4.500 4.100';

export function brand(): HTMLElement {
  return el(
    'a',
    { class: 'brand', href: '#/' },
    el('span', { class: 'seal' }, drawn('0 0 30 30', seal, 'icon')),
    el('span', { class: 'brand-name' }, words.name),
  );
}

export function bar(...children: Child[]): HTMLElement {
  return el('header', { class: 'bar' }, ...children);
}

/** Switches to the other language; its label is that language's own name. */
export function languageButton(changed: () => void): HTMLElement {
  return el(
    'button',
    {
      type: 'button',
      class: 'quiet small',
      lang: language === 'zh' ? 'en' : 'zh-CN',
      onclick: () => (switchLanguage(), changed()),
    },
    words.otherLanguage,
  );
}

/** Shows who is logged in, and offers the list of keys and to log out. */
export function userButton(logOut: () => void): HTMLElement {
  const name = user.name || '';
  return el(
    'button',
    {
      type: 'button',
      class: 'quiet small user',
      'aria-label': `${words.loggedInAs}: ${name}. ${words.switchUser}`,
      title: words.switchUser,
      onclick: () =>
        choose(name, [
          { label: words.keys, icon: 'more', run: openKeys },
          { label: words.switchUser, icon: 'back', run: logOut },
        ]),
    },
    el('span', { class: 'initial', 'aria-hidden': 'true' }, Array.from(name)[0]),
    el('span', { class: 'user-name' }, name),
  );
}

export function backLink(): HTMLElement {
  return el(
    'a',
    { class: 'icon-button', href: '#/', 'aria-label': words.gallery, title: `${words.gallery} (Esc)` },
    icon('back'),
  );
}

/** The seal of a drawing in one stroke. */
export function stamp(): HTMLElement {
  return el('span', { class: 'stamp', role: 'img', 'aria-label': words.oneStrokeDone }, words.seal);
}
