import { memoryStorage, webStorage } from 'onestroke-client';

/** The browser's storage. Where it is forbidden, what is stored ends with the page. */
export const storage = (() => {
  try {
    return webStorage(localStorage);
  } catch {
    return memoryStorage();
  }
})();

const choice = 'onestroke.keys';

/**
 * Whether keys of one character do something. Who speaks to the computer, or often hits a wrong key, turns them off:
 * https://www.w3.org/TR/WCAG22/#character-key-shortcuts
 */
export const characterKeys = () => storage.get(choice) !== 'off';
export const setCharacterKeys = (on: boolean) => keep(choice, on ? 'on' : 'off');

/** Stores a choice. */
export function keep(key: string, value: string): void {
  try {
    storage.set(key, value);
  } catch {
    // Storage is full of unsent drawings, which matter more.
  }
}
