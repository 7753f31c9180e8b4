import { bar, brand, languageButton } from './bars';
import { cat, drawn, el } from './dom';
import type { Screen } from './routes';
import { home, simulated, user } from './service';
import { words } from './words';

/** The first screen: what this is, and how to begin. */
export function createWelcome(changed: () => void): Screen {
  const input = el('input', {
    name: 'user',
    value: words.defaultUser,
    maxlength: 64,
    required: true,
    autocomplete: 'off',
    'data-focus': true,
  });
  const enter = (event: Event) => {
    event.preventDefault();
    user.name = input.value.trim();
    changed();
  };
  const docs = (name: string) => el('a', { class: name, href: home + 'docs' }, words.docs);
  const begin = simulated
    ? [
        el(
          'form',
          { class: 'login', onsubmit: enter },
          el('label', {}, el('span', {}, words.whoAreYou), input),
          el('button', { class: 'primary large' }, words.start),
        ),
        el('p', { class: 'small-print' }, words.simulated, ' ', docs('')),
      ]
    : [el('p', { class: 'small-print' }, words.production), el('p', {}, docs('primary large'))];
  return {
    title: words.tagline,
    element: el(
      'main',
      { class: 'welcome' },
      bar(brand(), el('span', { class: 'space' }), languageButton(changed)),
      el(
        'div',
        { class: 'hero' },
        el('div', { class: 'hero-paper', 'aria-hidden': 'true' }, drawn('40 30 240 240', cat, 'line')),
        el(
          'div',
          { class: 'hero-words' },
          el('h1', { tabindex: -1 }, words.tagline),
          el('p', {}, words.welcome),
          ...begin,
        ),
      ),
    ),
  };
}
