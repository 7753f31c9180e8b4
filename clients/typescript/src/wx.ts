/** The part of a mini program's `wx` that is used. The global object has this type. */
export interface Wx {
  request(options: WxRequest): WxTask;
  login(options: { success(result: { code: string }): void; fail(error: { errMsg: string }): void }): void;
  getStorageSync(key: string): unknown;
  setStorageSync(key: string, value: string): void;
  removeStorageSync(key: string): void;
  getStorageInfoSync(): { keys: string[] };
}

/** A request that was sent. A base library older than 2.20.2 does not tell the parts of the body. */
export interface WxTask {
  abort(): void;
  onHeadersReceived?(listener: (result: { statusCode: number; header: Record<string, string> }) => void): void;
  onChunkReceived?(listener: (result: { data: ArrayBuffer }) => void): void;
}

/** The part of `wx.cloud` that is used. */
export interface Cloud {
  callContainer(options: {
    config: { env: string };
    path: string;
    method: string;
    header: Record<string, string>;
    data?: string | ArrayBuffer;
    dataType: string;
    responseType: string;
    /** Milliseconds. */
    timeout: number;
    success(result: { statusCode: number; header: Record<string, string>; data: unknown }): void;
    fail(error: WxFailure): void;
  }): void;
}

/** The options of `wx.request`. */
export interface WxRequest {
  url: string;
  method?: 'OPTIONS' | 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'TRACE' | 'CONNECT';
  header?: Record<string, string>;
  data?: string | object | ArrayBuffer;
  dataType?: 'json' | 'other';
  responseType?: 'text' | 'arraybuffer';
  /** Whether `onChunkReceived` gets the body in parts. */
  enableChunked?: boolean;
  /** Milliseconds. */
  timeout?: number;
  /** Called for every HTTP status. */
  success?(result: WxAnswer): void;
  fail?(error: WxFailure): void;
}

export interface WxAnswer {
  statusCode: number;
  header: Record<string, string>;
  data: string | Record<string, unknown> | ArrayBuffer;
}

export interface WxFailure {
  errMsg: string;
}

/** Logs in with `wx.login()`: pass it to `createClient` as `login`. */
export function wxLogin(wx: Pick<Wx, 'login'>): () => Promise<string> {
  return () =>
    new Promise((resolve, reject) => {
      wx.login({ success: ({ code }) => resolve(code), fail: ({ errMsg }) => reject(new Error(errMsg)) });
    });
}
