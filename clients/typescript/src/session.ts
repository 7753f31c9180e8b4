import type { components } from './contract.js';
import { type Failure, failure, type Result } from './result.js';
import { type CallOptions, type Outgoing, type Sender, systemTimer, type Timer } from './sender.js';
import type { Storage } from './storage.js';

/** What `login` gives: the code of `wx.login()`, or that and the signed profile. */
export type LoginCode = string | LoginRequest;

type LoginRequest = components['schemas']['LoginRequest'];
type LoggedIn = components['schemas']['LoggedIn'];

/** An open session: its credential and the id of its user. */
export interface Credential {
  token: string;
  user: string;
}

/** What is stored. The id of the user stays when the session has ended. */
interface Known {
  token?: string;
  user?: string | undefined;
}

/** The session of one program: opened when it is first needed, stored, and renewed when it has ended. */
export interface Session {
  /** Sends a request as the user. Logs in first if needed, and once more if the session has ended. */
  send: Sender;
  /** The credential, after a login if needed. Concurrent calls wait for the same login. */
  open(): Promise<Result<Credential>>;
  /** Logs in with this code. */
  logIn(login: LoginRequest, options?: CallOptions): Promise<Result<LoggedIn>>;
  /** Ends the session: always here, and in the service if it can be reached. */
  logOut(request: Outgoing, options?: CallOptions): Promise<Result<unknown>>;
  /** Drops the credential if it is still `token`. */
  drop(token: string): void;
  /** Drops the credential and the user's id. */
  forget(): void;
  /** The id of the last user, also after the session has ended; undefined after `forget`. */
  user(): string | undefined;
  /** Whether the user has logged out and has not logged in since. */
  loggedOut(): boolean;
}

export interface SessionOptions {
  baseUrl: string;
  login: () => LoginCode | Promise<LoginCode>;
  storage: Storage;
  timeoutMs?: number | undefined;
  timer?: Timer | undefined;
  /** Called after each login. */
  loggedIn?: () => void;
}

const key = 'onestroke.session';

export function createSession(
  { baseUrl, login, storage, timeoutMs = 15_000, timer = systemTimer, loggedIn = () => {} }: SessionOptions,
  send: Sender,
): Session {
  let known: Known = restore(storage.get(key));
  let opening: Promise<Result<Credential>> | undefined;
  let out = false;
  /** A login that was begun before the last logout counts no longer. */
  let logouts = 0;

  const session: Session = {
    async send(request, options, cancellation) {
      const opened = await session.open();
      if (!opened.ok) return opened;
      const { token, user } = opened.data;
      const result = await send(withToken(request, token), options, cancellation);
      if (!hasEnded(result) || known.user !== user) return result;
      session.drop(token);
      const renewed = await session.open();
      if (!renewed.ok) return renewed;
      // A request is never repeated as another user.
      return renewed.data.user === user ? send(withToken(request, renewed.data.token), options, cancellation) : result;
    },

    open() {
      const { token, user } = known;
      if (token && user) return Promise.resolve({ ok: true, data: { token, user }, etag: undefined });
      if (!opening) {
        const login = (opening = renew());
        const done = () => {
          if (opening === login) opening = undefined;
        };
        login.then(done, done);
      }
      return opening;
    },

    logIn: (login, options) => logIn(login, logouts, options),

    async logOut(request, options) {
      const { token } = known;
      logouts++;
      opening = undefined;
      session.forget();
      out = true;
      if (!token) return { ok: true, data: undefined, etag: undefined };
      const result = await send(withToken(request, token), options);
      return hasEnded(result) ? { ok: true, data: undefined, etag: undefined } : result;
    },

    drop(token) {
      if (known.token === token) keep({ user: known.user });
    },

    forget() {
      keep({});
    },

    user: () => known.user,
    loggedOut: () => out,
  };
  return session;

  async function renew(): Promise<Result<Credential>> {
    const begun = logouts;
    for (let tries = 1; ; tries++) {
      const asked = await ask();
      if ('ok' in asked) return asked;
      const result = await logIn(asked, begun);
      if (result.ok) {
        const { token, user } = result.data;
        return { ok: true, data: { token, user: user.id }, etag: undefined };
      }
      // WeChat accepts a code once: try again with a new one.
      if (tries === 2 || result.problem.code !== 'ERR_SESSION_KEY_EXCHANGE_FAILED' || result.problem.status !== 401)
        return result;
    }
  }

  async function logIn(login: LoginRequest, begun: number, options?: CallOptions): Promise<Result<LoggedIn>> {
    if (begun !== logouts) return failure('LOGIN_FAILED', 'logged out');
    const url = baseUrl + '/v1/session';
    const body = JSON.stringify(login);
    const headers = { 'Content-Type': 'application/json' };
    const result = (await send(
      { method: 'POST', url, headers, body, responseType: 'text' },
      options,
    )) as Result<LoggedIn>;
    if (!result.ok) return result;
    const { token, user } = result.data;
    if (begun !== logouts) {
      void send(withToken({ method: 'DELETE', url, headers: {}, responseType: 'text' }, token));
      return failure('LOGIN_FAILED', 'logged out');
    }
    out = false;
    keep({ token, user: user.id });
    loggedIn();
    return result;
  }

  function ask(): Promise<LoginRequest | Failure> {
    return new Promise(resolve => {
      const failed = (error: unknown) => resolve(failure('LOGIN_FAILED', String(error)));
      const stopTimer = timer(timeoutMs, () => failed(`no code after ${timeoutMs} ms`));
      const given = (code: LoginCode) => {
        const asked = typeof code === 'string' ? { code } : code;
        if (asked && asked.code) resolve(asked);
        else failed('no code');
      };
      Promise.resolve().then(login).then(given, failed).then(stopTimer);
    });
  }

  function keep(credential: Known): void {
    known = credential;
    try {
      if (known.user) storage.set(key, JSON.stringify(known));
      else storage.remove(key);
    } catch {
      // Storage is full: after a restart the program logs in again.
    }
  }
}

/** Whether a response says that the credential is not valid, in today's form or that of 2017. */
export function hasEnded(result: Result<unknown>): boolean {
  const reason = result.ok ? sessionFailure(result.data) : result.problem.code;
  return reason === 'ERR_SESSION_EXPIRED' || reason === 'ERR_LOGIN_REQUIRED';
}

/** The reason of a session error in the form of 2017. Such a response may have any status. */
export function sessionFailure(body: unknown): string | undefined {
  const answer = (body || {}) as { 'F2C224D4-2BCE-4C64-AF9F-A6D872000D1A'?: number; reason?: string };
  return answer['F2C224D4-2BCE-4C64-AF9F-A6D872000D1A'] ? answer.reason || '' : undefined;
}

function withToken(request: Outgoing, token: string): Outgoing {
  return { ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } };
}

function restore(text: string | undefined): Known {
  try {
    return JSON.parse(text || '{}') as Known;
  } catch {
    return {};
  }
}
