import { el } from './dom';
import { dialog } from './overlays';
import { characterKeys, setCharacterKeys } from './storage';
import { words } from './words';

/** Shows what each key does, and turns those of one character off or on. */
export function showKeys(): void {
  const box = el('input', {
    type: 'checkbox',
    checked: characterKeys(),
    onchange: () => setCharacterKeys(box.checked),
  });
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
    el('label', {}, box, ' ', words.characterKeys),
  );
}
