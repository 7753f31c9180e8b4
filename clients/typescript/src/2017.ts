/**
 * `request` of the client SDK of 2017. A program of that year changes one import.
 *
 * @module
 */
import { createSender } from './sender.js';
import { createSession, hasEnded, type LoginCode, type Session, sessionFailure } from './session.js';
import { wxStorage } from './storage.js';
import { wxTransport } from './transport.js';
import { type Wx, type WxAnswer, type WxFailure, type WxRequest, wxLogin } from './wx.js';

/** The options of `wx.request`, and `login`. */
export interface RequestOptions extends WxRequest {
  /** false sends the request without a session. */
  login?: boolean;
  complete?(result: WxAnswer | WxFailure): void;
}

/** Why `fail` was called: `type` is the session error's reason, where there is one. */
export interface RequestFailure extends WxFailure {
  type?: string;
}

export type Request2017 = (options: RequestOptions) => { abort(): void };

/** The part of `wx` that is used. Without `getUserInfo`, or if the user refuses it, the login has no profile. */
export interface Wx2017 extends Wx {
  getUserInfo?(options: { success(result: { rawData: string; signature: string }): void; fail(): void }): void;
}

declare const wx: Wx2017;

/** `wx.request` as the user, with a login if one is needed. */
export const request: Request2017 = options => (ofGlobalWx = ofGlobalWx || createRequest(wx))(options);
let ofGlobalWx: Request2017 | undefined;

/** `request` with another `wx` than the global one. */
export function createRequest(wx: Wx2017): Request2017 {
  const sessions = new Map<string, Session>();
  return ({ login = true, success = () => {}, fail = () => {}, complete = () => {}, ...options }) => {
    let aborted = false;
    let task: { abort(): void } | undefined;
    const failed = (failure: RequestFailure) => {
      fail(failure);
      complete(failure);
    };
    const begin = (header = options.header, ended?: (answer: WxAnswer) => boolean) => {
      task = wx.request({
        ...options,
        ...(header ? { header } : {}),
        success(answer) {
          if (ended && ended(answer)) return;
          const reason = sessionFailure(answer.data);
          if (reason !== undefined) return failed({ errMsg: 'request:fail ' + (reason || 'session'), type: reason });
          success(answer);
          complete(answer);
        },
        fail: failed,
      });
    };
    const beginAs = async (session: Session, again: boolean): Promise<void> => {
      const opened = await session.open();
      if (aborted) return failed({ errMsg: 'request:fail abort' });
      if (!opened.ok) return failed({ errMsg: 'request:fail ' + opened.problem.code, type: opened.problem.code });
      const { token } = opened.data;
      begin({ ...options.header, Authorization: `Bearer ${token}` }, answer => {
        if (!again || !hasEnded({ ok: true, data: answer.data, etag: undefined })) return false;
        session.drop(token);
        void beginAs(session, false);
        return true;
      });
    };
    if (login) void beginAs(sessionAt(options.url), true);
    else begin();
    return {
      abort() {
        aborted = true;
        if (task) task.abort();
      },
    };
  };

  /** A token is sent only to the host that issued it. */
  function sessionAt(url: string): Session {
    const baseUrl = url.replace(/^(\w+:\/\/[^/?#]+).*$/, '$1');
    let session = sessions.get(baseUrl);
    if (!session) {
      const storage = wxStorage(wx);
      const at = (key: string) => `${key}@${baseUrl}`;
      session = createSession(
        {
          baseUrl,
          login: () => loginWithProfile(wx),
          storage: {
            ...storage,
            get: key => storage.get(at(key)),
            set: (key, value) => storage.set(at(key), value),
            remove: key => storage.remove(at(key)),
          },
        },
        createSender({ transport: wxTransport(wx) }),
      );
      sessions.set(baseUrl, session);
    }
    return session;
  }
}

/** In this order: the signature is made with the key of the last login. */
async function loginWithProfile(wx: Wx2017): Promise<LoginCode> {
  const code = await wxLogin(wx)();
  return new Promise(resolve => {
    if (!wx.getUserInfo) return resolve(code);
    wx.getUserInfo({
      success: ({ rawData, signature }) => resolve({ code, rawData, signature }),
      fail: () => resolve(code),
    });
  });
}
