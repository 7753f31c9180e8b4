import { maxTitle } from 'onestroke-drawing';
import { type Child, el, type IconName, icon, iconButton } from './dom';
import { words } from './words';

const toasts = el('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });
document.body.append(toasts);

/** How long a message with an action is shown, in milliseconds. */
export const actionTime = 10_000;

/** Shows a message for a few seconds, with an optional action. */
export function toast(text: string, action?: { label: string; run: () => void }): void {
  const shown = el('div', { class: 'toast' }, el('span', {}, text));
  const leave = () => shown.remove();
  if (action) {
    shown.append(
      el('button', { type: 'button', class: 'toast-action', onclick: () => (leave(), action.run()) }, action.label),
    );
  }
  toasts.replaceChildren(shown);
  setTimeout(leave, action ? actionTime : 4_000);
}

/** Says that a part of the page could not be loaded. */
export const sayOffline = () => toast(words.offline);

/** Shows what each key does. */
export const openKeys = () => void import('./keys').then(({ showKeys }) => showKeys(), sayOffline);

/** Takes the message away. */
export function endToast(): void {
  toasts.replaceChildren();
}

/** A modal dialog. Buttons, Escape or a press outside close and remove it. */
export function dialog(title: string, ...children: Child[]): HTMLDialogElement {
  const heading = el('h2', { id: 'dialog-title', dir: 'auto' }, title);
  const box: HTMLDialogElement = el(
    'dialog',
    {
      'aria-labelledby': 'dialog-title',
      onclose: () => box.remove(),
      onpointerdown: event => event.target === box && box.close(),
    },
    el(
      'div',
      { class: 'dialog-body' },
      el(
        'header',
        {},
        heading,
        iconButton('close', words.close, () => box.close()),
      ),
      ...children,
    ),
  );
  document.body.append(box);
  box.showModal();
  return box;
}

export interface Action {
  label: string;
  icon: IconName;
  danger?: boolean;
  run: () => void;
}

/** Shows a menu of actions. */
export function choose(title: string, actions: Action[]): void {
  const box: HTMLDialogElement = dialog(
    title,
    el(
      'ul',
      { class: 'actions' },
      ...actions.map(action =>
        el(
          'li',
          {},
          el(
            'button',
            { type: 'button', class: action.danger && 'danger', onclick: () => (box.close(), action.run()) },
            icon(action.icon),
            action.label,
          ),
        ),
      ),
    ),
  );
}

/** Asks for a text. */
export function ask(title: string, label: string, value: string, done: (value: string) => void): void {
  const input = el('input', {
    name: 'value',
    value,
    dir: 'auto',
    maxlength: maxTitle,
    'aria-label': label,
    placeholder: words.untitled,
    autocomplete: 'off',
  });
  const box = dialog(
    title,
    el(
      'form',
      { class: 'stack', onsubmit: event => (event.preventDefault(), box.close(), done(input.value.trim())) },
      input,
      el(
        'div',
        { class: 'buttons' },
        el('button', { type: 'button', class: 'quiet', onclick: () => box.close() }, words.cancel),
        el('button', { class: 'primary' }, words.save),
      ),
    ),
  );
  input.select();
}
