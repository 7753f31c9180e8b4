import type { components } from './contract.js';
import { jsonLines } from './lines.js';
import { type AnyArguments, type Call, type OperationId, type Operations, requestOf, routes } from './operations.js';
import { createOutbox, type Outbox } from './outbox.js';
import { failure, type Result } from './result.js';
import {
  type CallOptions,
  type Cancellation,
  createSender,
  type Parts,
  type SenderOptions,
  systemTimer,
} from './sender.js';
import { createSession, type LoginCode } from './session.js';
import { memoryStorage, type Storage } from './storage.js';

export interface ClientOptions extends SenderOptions {
  /** Where the service answers, such as `https://draw.example.com`. Empty for the page's own origin and for `cloudTransport`. */
  baseUrl: string;
  /** Returns the code of a new login. Called when there is no session and one is needed. */
  login: () => LoginCode | Promise<LoginCode>;
  /** Stores the session and unsent drawings. Without it they are lost when the program ends. */
  storage?: Storage | undefined;
}

/**
 * The service: its operations by their names in the contract, and `drawings`, which saves drawings also without a
 * network.
 */
export interface Client extends Operations {
  drawings: Outbox;
  /** The token of the session, for what the program sends by itself, as `wx.uploadFile` does. Logs in if needed. */
  token(): Promise<Result<string>>;
}

/** A client of the service at `baseUrl`, for one user at a time. It logs in when a session is first needed. */
export function createClient(options: ClientOptions): Client {
  const { storage = memoryStorage(), random = Math.random, timer = systemTimer } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const send = createSender(options);
  const session = createSession({ ...options, baseUrl, storage, loggedIn: () => void outbox.flush() }, send);

  const operations: Partial<Record<OperationId, (args?: AnyArguments, options?: CallOptions) => unknown>> = {};
  for (const id of Object.keys(routes) as OperationId[]) {
    operations[id] = (args, options) => cancellable(cancellation => run(id, args, options, cancellation), options);
  }
  operations.exportDrawings = exportDrawings;
  const client = operations as unknown as Client;
  const outbox = createOutbox({ service: client, session, storage, random, timer });
  client.drawings = outbox;
  client.token = async () => {
    const opened = await session.open();
    return opened.ok ? { ok: true, data: opened.data.token, etag: undefined } : opened;
  };
  return client;

  async function run(
    id: OperationId,
    args: AnyArguments | undefined,
    options: CallOptions | undefined,
    cancellation: Cancellation,
  ): Promise<Result<unknown>> {
    const route = routes[id];
    const request = requestOf(baseUrl, route, args);
    if (id === 'logIn') return session.logIn(args!.body as components['schemas']['LoginRequest'], options);
    if (id === 'logOut') return session.logOut(request, options);
    const result = await (route[2] === 'open' ? send : session.send)(request, options, cancellation);
    if (id === 'deleteAccount' && result.ok) {
      outbox.forget();
      session.forget();
    }
    return result;
  }
  async function* exportDrawings(args?: AnyArguments, options: CallOptions = {}): AsyncGenerator<Result<unknown>> {
    const cancellation = newCancellation();
    const unlink = onAbort(options, () => cancel(cancellation));
    try {
      const request = requestOf(baseUrl, routes.exportDrawings, args);
      const opened = await session.send({ ...request, responseType: 'stream' }, options, cancellation);
      if (opened.ok) yield* jsonLines(opened.data as Parts);
      else yield opened;
    } finally {
      unlink();
    }
  }
}

function cancellable(
  run: (cancellation: Cancellation) => Promise<Result<unknown>>,
  options: CallOptions = {},
): Call<unknown> {
  const cancellation = newCancellation();
  let end = () => {};
  const call = new Promise<Result<unknown>>(resolve => {
    end = () => {
      cancel(cancellation);
      resolve(failure('CANCELLED'));
    };
    run(cancellation).then(resolve, error => resolve(failure('NETWORK_FAILED', String(error))));
  });
  const unlink = onAbort(options, end);
  void call.then(unlink);
  return Object.assign(call, { cancel: end });
}

function newCancellation(): Cancellation {
  return { cancelled: false, stop() {} };
}

function cancel(cancellation: Cancellation): void {
  cancellation.cancelled = true;
  cancellation.stop();
}

/** Calls `f` when the signal of the call is aborted, at once if it is already. Returns a function that ends this. */
function onAbort({ signal }: CallOptions, f: () => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) f();
  else signal.addEventListener('abort', f);
  return () => signal.removeEventListener('abort', f);
}
