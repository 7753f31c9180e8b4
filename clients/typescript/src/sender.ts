import { joined } from './lines.js';
import { type ClientCode, type Failure, failure, type Result, type ServiceProblem } from './result.js';
import type { HttpRequest, HttpResponse, HttpStream, Progress, Transport } from './transport.js';
import { decode, encode } from './utf8.js';

/** How requests are sent. */
export interface SenderOptions {
  transport: Transport;
  /**
   * How long one try may take, in milliseconds; 15,000. A body has a second more for each 8 KB. For a stream: until it
   * begins, and then each of its parts.
   */
  timeoutMs?: number | undefined;
  /** How often a request is tried again; 3. */
  retries?: number | undefined;
  /** How many requests may be under way at once; 10, as many as a mini program allows. */
  maxConcurrent?: number | undefined;
  /** From 0 to 1, as `Math.random`. */
  random?: (() => number) | undefined;
  /** Calls `f` after `ms` milliseconds. Returns a function that cancels this. */
  timer?: Timer | undefined;
}

export type Timer = (ms: number, f: () => void) => () => void;

/** Options of one request. */
export interface CallOptions {
  /** How long one try may take, in milliseconds. For a stream: until it begins, and then each of its parts. */
  timeoutMs?: number | undefined;
  /** How often the request is tried again. */
  retries?: number | undefined;
  /** Cancels the call when it is aborted. */
  signal?: Signal | undefined;
  /** Called while the body is sent, if the transport knows how much of it is: `xhrTransport` does. */
  onUpload?: Progress | undefined;
}

/** The part of an `AbortSignal` that is used. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A request without the members that are the same in all requests. */
export type Outgoing = Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body' | 'responseType'>;

/**
 * Sends a request until there is a response, and reads it. Every request of the contract is idempotent, so it can be
 * sent again. The data of a successful stream is `Parts`.
 */
export type Sender = (
  request: Outgoing,
  options?: CallOptions,
  cancellation?: Cancellation,
) => Promise<Result<unknown>>;

/** Cancels a request. */
export interface Cancellation {
  cancelled: boolean;
  /** Aborts the current try. */
  stop(): void;
}

/** The body of a successful stream. It counts as a request under way until its end, or until it is closed. */
export interface Parts {
  /** The next part, or undefined at the end. */
  next(): Promise<Result<Uint8Array | undefined>>;
  /** Gives up what has not arrived. */
  close(): void;
}

/** The longest `Retry-After` that is waited for here; a longer one is left to the caller. */
const longestWaitMs = 30_000;

// Not in ES2018, but every runtime has them.
declare function setTimeout(f: () => void, ms: number): unknown;
declare function clearTimeout(id: unknown): void;

export const systemTimer: Timer = (ms, f) => {
  const id = setTimeout(f, ms);
  return () => clearTimeout(id);
};

/**
 * The pause before the next try: doubles with every failure, from `firstMs` to `mostMs`. Up to half of it is random,
 * so that clients do not return all at once.
 */
export function backoff(failures: number, firstMs: number, mostMs: number, random: () => number): number {
  return Math.min(firstMs * Math.pow(2, failures), mostMs) * (1 - random() / 2);
}

export function createSender(options: SenderOptions): Sender {
  const {
    transport,
    timeoutMs = 15_000,
    retries = 3,
    maxConcurrent = 10,
    random = Math.random,
    timer = systemTimer,
  } = options;
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (request, call = {}, cancellation = { cancelled: false, stop() {} }) => {
    const { timeoutMs: least = timeoutMs, retries: most = retries, onUpload } = call;
    // The slowest line that the service accepts sends 8 characters in a millisecond. WeChat takes whole milliseconds.
    const sent = { ...request, timeoutMs: least + ((request.body || '').length >> 3), onUpload };
    for (let failures = 0; ; failures++) {
      const result = await exchange(sent, cancellation, await turn());
      if (result.ok || failures >= most || !mayPass(result)) return result;
      const { retryAfterMs = 0 } = result;
      if (retryAfterMs > longestWaitMs) return result;
      await pause(retryAfterMs + backoff(failures, 300, 10_000, random), cancellation);
    }
  };

  /** Waits until one more request may be under way. The function that it gives is called when that has ended. */
  async function turn(): Promise<() => void> {
    if (running >= maxConcurrent) await new Promise<void>(next => waiting.push(next));
    else running++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      const next = waiting.shift();
      if (next) next();
      else running--;
    };
  }

  async function exchange(
    request: HttpRequest,
    cancellation: Cancellation,
    done: () => void,
  ): Promise<Result<unknown>> {
    if (cancellation.cancelled) {
      done();
      return failure('CANCELLED');
    }
    const { response, abort } = begin(request);
    const wait = <T>(promise: Promise<T>) => within(promise, abort, request.timeoutMs, cancellation);
    const arrived = await wait(response);
    const parts = arrived.ok && request.responseType === 'stream' ? partsOf(arrived.data.body) : undefined;
    if (!arrived.ok || !parts) {
      done();
      return arrived.ok ? read(arrived.data, arrived.data.body as string | ArrayBuffer) : arrived;
    }
    if (isStream(arrived.data)) return { ok: true, data: parts, etag: undefined };
    const received: Uint8Array[] = [];
    for (;;) {
      const part = await parts.next();
      if (!part.ok) return part;
      if (!part.data) return refusalOf(arrived.data, joined(received).buffer as ArrayBuffer);
      received.push(part.data);
    }

    function partsOf(body: HttpResponse['body']): Parts {
      const stream = typeof body === 'function' ? body : wholeAsStream(body);
      return {
        async next() {
          const part = await wait(stream());
          if (!part.ok || !part.data) done();
          return part;
        },
        close() {
          abort();
          done();
        },
      };
    }
  }

  /** What the promise gives, or a failure: if it is rejected, or if it is given up, because it takes too long or is cancelled. */
  function within<T>(
    promise: Promise<T>,
    abort: () => void,
    timeoutMs: number,
    cancellation: Cancellation,
  ): Promise<Result<T>> {
    return new Promise(resolve => {
      const giveUp = (code: ClientCode) => {
        end(failure(code));
        abort();
      };
      const stopTimer = timer(timeoutMs, () => giveUp('TIMED_OUT'));
      const end = (result: Result<T>) => {
        stopTimer();
        resolve(result);
      };
      cancellation.stop = () => giveUp('CANCELLED');
      promise.then(
        data => end({ ok: true, data, etag: undefined }),
        error => end(failure('NETWORK_FAILED', String(error))),
      );
      if (cancellation.cancelled) cancellation.stop();
    });
  }

  function begin(request: HttpRequest): ReturnType<Transport> {
    try {
      return transport(request);
    } catch (error) {
      return { response: Promise.reject(error), abort() {} };
    }
  }

  function pause(ms: number, cancellation: Cancellation): Promise<void> {
    if (cancellation.cancelled) return Promise.resolve();
    return new Promise(resolve => {
      const stopTimer = timer(ms, resolve);
      cancellation.stop = () => {
        stopTimer();
        resolve();
      };
    });
  }
}

/** Whether the same request may succeed later. */
export function mayPass({ problem }: Failure): boolean {
  const { code, status } = problem;
  return ['NETWORK_FAILED', 'TIMED_OUT', 'BAD_ANSWER'].includes(code) || [408, 429, 503].includes(status);
}

function header({ headers }: HttpResponse, name: string): string | undefined {
  const key = Object.keys(headers).find(key => key.toLowerCase() === name);
  return key === undefined ? undefined : String(headers[key]);
}

function isStream(response: HttpResponse): boolean {
  return response.status === 200 && /^application\/x-ndjson/.test(header(response, 'content-type') || '');
}

/** A response that is no stream, though one was asked for. */
function refusalOf(response: HttpResponse, body: ArrayBuffer): Failure {
  const result = read(response, body);
  return result.ok ? failure('BAD_ANSWER', `HTTP ${response.status}, no stream`, response.status) : result;
}

function wholeAsStream(body: string | ArrayBuffer): HttpStream {
  const parts = [new Uint8Array(typeof body === 'string' ? encode(body) : body)];
  return () => Promise.resolve(parts.shift());
}

function read(response: HttpResponse, body: string | ArrayBuffer): Result<unknown> {
  const { status } = response;
  // The same tag for all codings: a proxy that compresses puts W/ before it, the service .gzip at its end.
  const etag = (header(response, 'etag') || '').replace(/^W\/|\.gzip(?="$)/g, '') || undefined;
  const type = header(response, 'content-type') || '';
  if (status === 204) return { ok: true, data: undefined, etag };
  if (status === 304) return { ok: true, data: null, etag };
  const succeeded = status >= 200 && status < 300;
  if (succeeded && /^(image\/|application\/yaml)/.test(type)) return { ok: true, data: body, etag };
  const json = /json/.test(type) ? parse(body) : undefined;
  if (json && succeeded) return { ok: true, data: json, etag };
  const problem = json as ServiceProblem | undefined;
  return {
    ...(problem && /^ERR_/.test(problem.code)
      ? { ok: false, problem }
      : failure('BAD_ANSWER', `HTTP ${status}, ${type}`, status)),
    retryAfterMs: Number(header(response, 'retry-after')) * 1000 || undefined,
  };
}

function parse(body: string | ArrayBuffer): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : decode(new Uint8Array(body)));
  } catch {
    return undefined;
  }
}
