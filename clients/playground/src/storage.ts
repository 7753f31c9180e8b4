import { memoryStorage, webStorage } from 'onestroke-client';

/** The browser's storage. Where it is forbidden, what is stored ends with the page. */
export const storage = (() => {
  try {
    return webStorage(localStorage);
  } catch {
    return memoryStorage();
  }
})();

/** Stores a choice. */
export function keep(key: string, value: string): void {
  try {
    storage.set(key, value);
  } catch {
    // Storage is full of unsent drawings, which matter more.
  }
}
