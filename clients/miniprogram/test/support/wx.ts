import type { Phone } from './phone.ts';

/** What a phone has from outside: a network, an account, and its settings. */
export interface Host {
  /** Rejected where no answer came. */
  request(request: {
    url: string;
    method: string;
    headers: Record<string, string>;
    body?: string;
  }): Promise<{ status: number; headers: Record<string, string>; base64: string }>;
  /** Sends a file as `wx.uploadFile` does. */
  upload(request: {
    url: string;
    headers: Record<string, string>;
    name: string;
    base64: string;
  }): Promise<{ status: number; body: string }>;
  login(): Promise<{ code: string }>;
}

export interface System {
  language: string;
  theme: 'light' | 'dark';
  /** How the program was opened: 1001 from its icon, 1154 from Moments. */
  scene: number;
}

/** A question that waits for the person's answer. */
export interface Dialog {
  kind: 'modal' | 'sheet' | 'privacy';
  title?: string;
  content?: string;
  itemList?: string[];
}

/** The longest texts, in Chinese characters, of the buttons of `wx.showModal`, and of a toast with an icon. */
export const longest = { confirmText: 4, cancelText: 4, toast: 7 };

/** The length of a text in Chinese characters: others count half. */
export function lengthOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (character < '\u0391' ? 0.5 : 1), 0);
}

interface Callbacks {
  success?(result: object): void;
  fail?(error: { errMsg: string }): void;
  complete?(result: object): void;
}

interface UploadOptions {
  url: string;
  filePath: string;
  name: string;
  header?: Record<string, string>;
}

interface RequestOptions extends Callbacks {
  url: string;
  method?: string;
  header?: Record<string, string>;
  data?: string | object;
  dataType?: string;
  responseType?: string;
  timeout?: number;
}

const methods = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT'];

/** A mini program's `wx`, as far as programs here need it, with a mini program's rules and limits. */
export function createWx(phone: Phone, host: Host, system: System) {
  const network = new Set<(state: { isConnected: boolean; networkType: string }) => void>();
  let running = 0;
  let dialog: (Dialog & { answer(result: object | undefined): void }) | undefined;

  const ask = (kind: Dialog['kind'], options: Partial<Dialog>) =>
    new Promise<object>((resolve, reject) => {
      const answer = (result: object | undefined) => {
        dialog = undefined;
        if (result) resolve(result);
        else reject(new Error('cancel'));
      };
      dialog = { title: options.title, content: options.content, itemList: options.itemList, kind, answer };
    });

  const wx = {
    request(options: RequestOptions) {
      const { url, method = 'GET', header = {}, data, dataType = 'json', responseType = 'text' } = options;
      let settled = false;
      const settle = (call: () => void) => {
        if (settled) return;
        settled = true;
        call();
      };
      const fail = (why: string) =>
        settle(() => {
          options.fail?.({ errMsg: `request:fail ${why}` });
          options.complete?.({ errMsg: `request:fail ${why}` });
        });
      if (!methods.includes(method)) void Promise.resolve().then(() => fail('invalid method'));
      else if (running >= 10) void Promise.resolve().then(() => fail('exceed max request limit 10'));
      else {
        running++;
        const done = () => running--;
        const sent = host.request({
          url,
          method,
          headers: { 'content-type': 'application/json', ...header },
          body: typeof data === 'object' ? JSON.stringify(data) : data,
        });
        sent.then(done, done);
        sent.then(
          ({ status, headers, base64 }) =>
            settle(() => {
              const result = {
                statusCode: status,
                header: headers,
                cookies: [],
                errMsg: 'request:ok',
                data: read(base64, dataType, responseType),
              };
              options.success?.(result);
              options.complete?.(result);
            }),
          (error: Error) => fail(error.message),
        );
      }
      return { abort: () => fail('abort') };
    },

    uploadFile({ url, filePath, name, header = {}, ...options }: Callbacks & UploadOptions) {
      const base64 = wx.pictures.get(filePath);
      const sent =
        base64 === undefined
          ? Promise.reject(new Error('file not found'))
          : host.upload({ url, headers: header, name, base64 });
      return answered(
        'uploadFile',
        options,
        sent.then(({ status, body }) => ({ statusCode: status, data: body })),
      );
    },

    login: (options: Callbacks = {}) => answered('login', options, host.login()),

    getStorageSync: (key: string) => JSON.parse(localStorage.getItem(key) ?? '""') as unknown,
    setStorageSync(key: string, value: unknown) {
      const text = JSON.stringify(value);
      const size = (text: string) => new Blob([text]).size;
      const others = wx.getStorageInfoSync().keys.filter(other => other !== key);
      if (size(text) > 1024 * 1024) throw new Error('setStorageSync:fail entry size limit reached');
      if (others.reduce((sum, other) => sum + size(localStorage.getItem(other)!), size(text)) > 10 * 1024 * 1024)
        throw new Error('setStorageSync:fail exceed storage max size 10Mb');
      localStorage.setItem(key, text);
    },
    removeStorageSync: (key: string) => localStorage.removeItem(key),
    getStorageInfoSync: () => ({ keys: Array.from({ length: localStorage.length }, (_, i) => localStorage.key(i)!) }),

    getWindowInfo: () => ({
      pixelRatio: window.devicePixelRatio,
      windowWidth: window.innerWidth,
      windowHeight: window.innerHeight,
    }),
    getAppBaseInfo: () => ({ language: system.language, theme: system.theme, SDKVersion: '2.33.0' }),
    getEnterOptionsSync: () => ({ scene: system.scene }),
    onNetworkStatusChange: (listener: (state: { isConnected: boolean; networkType: string }) => void) =>
      void network.add(listener),

    createSelectorQuery: () => new SelectorQuery(phone),

    navigateTo: (options: Callbacks & { url: string }) =>
      answered(
        'navigateTo',
        options,
        later(() => phone.navigateTo(absolute(phone, options.url))),
      ),
    redirectTo: (options: Callbacks & { url: string }) =>
      answered(
        'redirectTo',
        options,
        later(() => phone.redirectTo(absolute(phone, options.url))),
      ),
    reLaunch: (options: Callbacks & { url: string }) =>
      answered(
        'reLaunch',
        options,
        later(() => phone.reLaunch(absolute(phone, options.url))),
      ),
    navigateBack: (options: Callbacks & { delta?: number } = {}) =>
      answered(
        'navigateBack',
        options,
        later(() => phone.navigateBack(options.delta)),
      ),

    showModal(options: Callbacks & Partial<Dialog> & { confirmText?: string; cancelText?: string }) {
      const tooLong = (['confirmText', 'cancelText'] as const).find(
        name => lengthOf(options[name] || '') > longest[name],
      );
      const why = `${tooLong} length should not larger than 4 Chinese characters`;
      return answered('showModal', options, tooLong ? Promise.reject(new Error(why)) : ask('modal', options));
    },
    showActionSheet(options: Callbacks & Partial<Dialog>) {
      if (options.itemList!.length > 6)
        throw new Error('showActionSheet:fail parameter error: itemList should not be larger than 6');
      return answered('showActionSheet', options, ask('sheet', options));
    },
    showToast(options: Callbacks & { title: string; icon?: string }) {
      if (options.icon !== 'none' && lengthOf(options.title) > longest.toast)
        throw new Error(`${options.title} is cut off by the icon`);
      wx.toast = options.title;
      return answered('showToast', options, later());
    },
    setNavigationBarTitle(options: Callbacks & { title: string }) {
      return answered(
        'setNavigationBarTitle',
        options,
        later(() => phone.setTitle(options.title)),
      );
    },
    stopPullDownRefresh: (options: Callbacks = {}) => answered('stopPullDownRefresh', options, later()),

    env: { USER_DATA_PATH: 'http://usr' },
    getFileSystemManager: () => ({
      writeFile({ filePath, data, ...options }: Callbacks & { filePath: string; data: ArrayBuffer }) {
        wx.files.set(filePath, data.byteLength);
        void answered('writeFile', options, later());
      },
      writeFileSync: (path: string, text: string) => void wx.texts.set(path, text),
      appendFileSync(path: string, text: string) {
        if (wx.full) throw new Error('appendFileSync:fail the maximum size of the file storage limit is exceeded');
        if (!wx.texts.has(path)) throw new Error('appendFileSync:fail no such file or directory');
        wx.texts.set(path, wx.texts.get(path)! + text);
      },
      unlink: ({ filePath, ...options }: Callbacks & { filePath: string }) =>
        void answered(
          'unlink',
          options,
          later(() => wx.texts.delete(filePath)),
        ),
    }),

    requirePrivacyAuthorize(options: Callbacks) {
      const asked = wx.privacy.agreed ? later() : ask('privacy', {}).then(() => void (wx.privacy.agreed = true));
      return answered('requirePrivacyAuthorize', options, asked);
    },
    openPrivacyContract(options: Callbacks = {}) {
      wx.privacy.read = true;
      return answered('openPrivacyContract', options, later());
    },

    arrayBufferToBase64: (buffer: ArrayBuffer) =>
      btoa(Array.from(new Uint8Array(buffer), byte => String.fromCharCode(byte)).join('')),
    /** Unless it is told the size, the file has all pixels of the device for each of the canvas. */
    canvasToTempFilePath({
      canvas,
      destWidth = canvas.width * window.devicePixelRatio,
      destHeight = canvas.height * window.devicePixelRatio,
      ...options
    }: Callbacks & { canvas: HTMLCanvasElement; destWidth?: number; destHeight?: number }) {
      const tempFilePath = `http://tmp/${destWidth}x${destHeight}.png`;
      wx.files.set(tempFilePath, destWidth * destHeight);
      return answered(
        'canvasToTempFilePath',
        options,
        later().then(() => ({ tempFilePath })),
      );
    },
    saveImageToPhotosAlbum({ filePath, ...options }: Callbacks & { filePath: string }) {
      const allowed = wx.album.allowed && wx.privacy.agreed;
      const saved = allowed ? later(() => wx.album.saved.push(filePath)) : Promise.reject(new Error('auth deny'));
      return answered('saveImageToPhotosAlbum', options, saved);
    },
    openSetting(options: Callbacks = {}) {
      wx.album.allowed = true;
      return answered('openSetting', options, later());
    },
    shareFileMessage({ filePath, ...options }: Callbacks & { filePath: string }) {
      return answered(
        'shareFileMessage',
        options,
        later(() => wx.sent.push(filePath)),
      );
    },

    /** Whether the user agrees to the privacy guide, and has read it. */
    privacy: { agreed: false, read: false },
    /** Whether the program may save to the album, and what it saved there. */
    album: { allowed: true, saved: [] as string[] },
    /** The files that were sent to a chat. */
    sent: [] as string[],
    /** Whether there is no room for files. */
    full: false,
    /** Files with a text. */
    texts: new Map<string, string>(),
    /** Pictures of the user, in base64. */
    pictures: new Map<string, string>(),

    /** The last toast. */
    toast: '',
    /** The sizes of what was written. */
    files: new Map<string, number>(),
    /** The question that waits for an answer. */
    dialog: (): Dialog | undefined =>
      dialog && { kind: dialog.kind, title: dialog.title, content: dialog.content, itemList: dialog.itemList },
    /** Answers it: `{confirm, cancel, content}` or `{tapIndex}`; nothing is a tap beside a sheet. */
    answer(result?: object) {
      if (!dialog) throw new Error('nothing was asked');
      dialog.answer(result);
    },
    setNetwork: (isConnected: boolean) =>
      network.forEach(listener => listener({ isConnected, networkType: isConnected ? 'wifi' : 'none' })),
  };
  return wx;
}

/** Calls back as `wx` does, or gives a promise where there is nobody to call. */
function answered(name: string, options: Callbacks, result: Promise<object | void>): Promise<object> | undefined {
  const { success, fail, complete } = options;
  const ok = (value: object | void) => ({ errMsg: `${name}:ok`, ...value });
  const failed = (error: Error) => ({ errMsg: `${name}:fail ${error.message}` });
  if (!success && !fail && !complete) return result.then(ok, error => Promise.reject(failed(error as Error)));
  result.then(
    value => [success, complete].forEach(call => call?.(ok(value))),
    (error: Error) => [fail, complete].forEach(call => call?.(failed(error))),
  );
  return undefined;
}

async function later(f = () => {}): Promise<void> {
  await undefined;
  f();
}

function absolute(phone: Phone, url: string): string {
  if (url.startsWith('/')) return url;
  const base = new URL(`http://phone/${phone.top.route}`);
  const { pathname, search } = new URL(url, base);
  return pathname + search;
}

function read(base64: string, dataType: string, responseType: string): unknown {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  if (responseType === 'arraybuffer') return bytes.buffer;
  const text = decodeURIComponent(Array.from(bytes, byte => '%' + (256 + byte).toString(16).slice(1)).join(''));
  if (dataType !== 'json') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type Fields = { node?: boolean; size?: boolean; rect?: boolean };

class SelectorQuery {
  private component?: never;
  private readonly queries: {
    selector: string;
    fields: Fields;
    component?: never;
    callback?(result: object | null): void;
  }[] = [];

  constructor(private readonly phone: Phone) {}

  in(component: never): this {
    this.component = component;
    return this;
  }

  select(selector: string) {
    const { component } = this;
    const push = (fields: Fields, callback?: (result: object | null) => void) => {
      this.queries.push({ selector, fields, component, callback });
      return this;
    };
    return {
      fields: push,
      node: (callback?: (result: object | null) => void) => push({ node: true }, callback),
      boundingClientRect: (callback?: (result: object | null) => void) => push({ size: true, rect: true }, callback),
    };
  }

  exec(callback?: (results: (object | null)[]) => void): this {
    void later().then(() => {
      const results = this.queries.map(({ selector, fields, component }) => {
        const node = this.phone.select(selector, component);
        if (!node) return null;
        const { left, top, right, bottom, width, height } = node.getBoundingClientRect();
        return {
          ...(fields.node && { node }),
          ...(fields.size && { width, height }),
          ...(fields.rect && { left, top, right, bottom }),
        };
      });
      this.queries.forEach((query, i) => query.callback?.(results[i]!));
      callback?.(results);
    });
    return this;
  }
}
