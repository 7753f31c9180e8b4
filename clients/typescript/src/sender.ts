import { type ClientCode, type Failure, failure, type Result, type ServiceProblem } from './result.js';
import type { HttpRequest, HttpResponse, Transport } from './transport.js';

/** How requests are sent. */
export interface SenderOptions {
  transport: Transport;
  /** How long one try may take, in milliseconds; 15,000. */
  timeoutMs?: number;
  /** How often a request is tried again; 3. */
  retries?: number;
  /** How many requests may be under way at once; 10, as many as a mini program allows. */
  maxConcurrent?: number;
  /** From 0 to 1, as `Math.random`. */
  random?: () => number;
  /** Calls `f` after `ms` milliseconds. Returns a function that cancels this. */
  timer?: Timer;
}

export type Timer = (ms: number, f: () => void) => () => void;

/** Options of one request. */
export interface CallOptions {
  /** How long one try may take, in milliseconds. */
  timeoutMs?: number;
  /** How often the request is tried again. */
  retries?: number;
}

/** A request without the members that are the same in all requests. */
export type Outgoing = Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body' | 'responseType'>;

/**
 * Sends a request until there is a response, and reads it. Every request of the contract is idempotent, so it can be
 * sent again.
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
    const sent = { ...request, timeoutMs: call.timeoutMs === undefined ? timeoutMs : call.timeoutMs };
    const most = call.retries === undefined ? retries : call.retries;
    for (let failures = 0; ; failures++) {
      const result = await inTurn(() => exchange(sent, cancellation));
      if (result.ok || failures >= most || !mayPass(result)) return result;
      const { retryAfterMs = 0 } = result;
      if (retryAfterMs > longestWaitMs) return result;
      await pause(retryAfterMs + backoff(failures, 300, 10_000, random), cancellation);
    }
  };

  async function inTurn(f: () => Promise<Result<unknown>>): Promise<Result<unknown>> {
    if (running >= maxConcurrent) await new Promise<void>(next => waiting.push(next));
    else running++;
    const result = await f();
    const next = waiting.shift();
    if (next) next();
    else running--;
    return result;
  }

  function exchange(request: HttpRequest, cancellation: Cancellation): Promise<Result<unknown>> {
    if (cancellation.cancelled) return Promise.resolve(failure('CANCELLED'));
    return new Promise(resolve => {
      const { response, abort } = begin(request);
      const giveUp = (code: ClientCode) => {
        end(failure(code));
        abort();
      };
      const stopTimer = timer(request.timeoutMs, () => giveUp('TIMED_OUT'));
      const end = (result: Result<unknown>) => {
        stopTimer();
        resolve(result);
      };
      cancellation.stop = () => giveUp('CANCELLED');
      response.then(
        answer => end(read(answer)),
        error => end(failure('NETWORK_FAILED', String(error))),
      );
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
  switch (problem.code) {
    case 'NETWORK_FAILED':
    case 'TIMED_OUT':
    case 'BAD_ANSWER':
      return true;
  }
  return [408, 429, 503].includes(problem.status);
}

function read({ status, headers, body }: HttpResponse): Result<unknown> {
  const header = (name: string) => {
    const key = Object.keys(headers).find(key => key.toLowerCase() === name);
    return key === undefined ? undefined : String(headers[key]);
  };
  const etag = (header('etag') || '').replace(/^W\//, '') || undefined; // a proxy weakens it when it compresses
  const type = header('content-type') || '';
  if (status === 204) return { ok: true, data: undefined, etag };
  if (status === 304) return { ok: true, data: null, etag };
  const succeeded = status >= 200 && status < 300;
  if (succeeded && /^(image\/|application\/(x-ndjson|yaml))/.test(type)) return { ok: true, data: body, etag };
  const json = parse(body);
  if (json && /json/.test(type)) {
    if (succeeded) return { ok: true, data: json, etag };
    const problem = json as ServiceProblem;
    if (/^ERR_/.test(problem.code))
      return { ok: false, problem, retryAfterMs: Number(header('retry-after')) * 1000 || undefined };
  }
  return failure('BAD_ANSWER', `HTTP ${status}, ${type}`, status);
}

function parse(body: string | ArrayBuffer): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : decode(body));
  } catch {
    return undefined;
  }
}

/** UTF-8 to text; a mini program has no TextDecoder. */
function decode(bytes: ArrayBuffer): string {
  return decodeURIComponent(
    Array.from(new Uint8Array(bytes), byte => '%' + (256 + byte).toString(16).slice(1)).join(''),
  );
}
