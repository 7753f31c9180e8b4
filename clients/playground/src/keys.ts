import { el } from './dom';
import { dialog } from './overlays';
import { words } from './words';

/** Shows what each key does. */
export function showKeys(): void {
  dialog(
    words.keys,
    el(
      'dl',
      { class: 'keys' },
      ...words.keyList.flatMap(([keys, what]) => [
        el('dt', {}, ...keys.split(' ').map(key => el('kbd', {}, key))),
        el('dd', {}, what),
      ]),
    ),
  );
}
