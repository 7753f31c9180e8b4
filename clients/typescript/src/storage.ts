import type { Wx } from './wx.js';

/**
 * Texts by key that survive a restart. Synchronous: when `set` returns, the text is stored even if the program is killed
 * right after.
 */
export interface Storage {
  get(key: string): string | undefined;
  /** Throws when there is no room. */
  set(key: string, value: string): void;
  remove(key: string): void;
  keys(): string[];
}

/** A mini program's storage: 1 MB a key, 10 MB in all. Pass the global `wx`. */
export function wxStorage(
  wx: Pick<Wx, 'getStorageSync' | 'setStorageSync' | 'removeStorageSync' | 'getStorageInfoSync'>,
): Storage {
  return {
    get: key => (wx.getStorageSync(key) as string) || undefined, // '' where there is nothing
    set: (key, value) => wx.setStorageSync(key, value),
    remove: key => wx.removeStorageSync(key),
    keys: () => wx.getStorageInfoSync().keys,
  };
}

/** The part of `localStorage` that is used. */
export interface WebStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A browser's storage; pass `localStorage`. */
export function webStorage(storage: WebStorage): Storage {
  return {
    get: key => storage.getItem(key) || undefined,
    set: (key, value) => storage.setItem(key, value),
    remove: key => storage.removeItem(key),
    keys: () => Array.from({ length: storage.length }, (_, i) => storage.key(i)!),
  };
}

/** Storage in memory, for tests and short scripts. */
export function memoryStorage(): Storage {
  const values = new Map<string, string>();
  return {
    get: key => values.get(key),
    set: (key, value) => void values.set(key, value),
    remove: key => void values.delete(key),
    keys: () => Array.from(values.keys()),
  };
}
