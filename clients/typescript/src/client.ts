import type { components } from './contract.js';
import { type AnyArguments, type Call, type OperationId, type Operations, requestOf, routes } from './operations.js';
import { createOutbox, type Outbox } from './outbox.js';
import { failure, type Result } from './result.js';
import { type CallOptions, type Cancellation, createSender, type SenderOptions, systemTimer } from './sender.js';
import { createSession, type LoginCode } from './session.js';
import { memoryStorage, type Storage } from './storage.js';

export interface ClientOptions extends SenderOptions {
  /** Where the service answers, such as `https://draw.example.com`. */
  baseUrl: string;
  /** Returns the code of a new login. Called when there is no session and one is needed. */
  login: () => LoginCode | Promise<LoginCode>;
  /** Stores the session and unsent drawings. Without it they are lost when the program ends. */
  storage?: Storage;
}

/**
 * The service: its operations by their names in the contract, and `drawings`, which saves drawings also without a
 * network.
 */
export interface Client extends Operations {
  drawings: Outbox;
}

/** A client of the service at `baseUrl`, for one user at a time. It logs in when a session is first needed. */
export function createClient(options: ClientOptions): Client {
  const { storage = memoryStorage(), random = Math.random, timer = systemTimer } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const send = createSender(options);
  const session = createSession({ ...options, baseUrl, storage, loggedIn: () => void outbox.flush() }, send);

  const operations = {} as Record<OperationId, (args?: AnyArguments, options?: CallOptions) => Call<unknown>>;
  for (const id of Object.keys(routes) as OperationId[]) {
    operations[id] = (args, options) => cancellable(cancellation => run(id, args, options, cancellation));
  }
  const client = operations as unknown as Client;
  const outbox = createOutbox({ service: client, session, storage, random, timer });
  client.drawings = outbox;
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
    const result = await (route[2] ? send : session.send)(request, options, cancellation);
    if (id === 'deleteAccount' && result.ok) {
      outbox.forget();
      session.forget();
    }
    return result;
  }
}

function cancellable(run: (cancellation: Cancellation) => Promise<Result<unknown>>): Call<unknown> {
  const cancellation: Cancellation = { cancelled: false, stop() {} };
  let cancel = () => {};
  const call = new Promise<Result<unknown>>(resolve => {
    cancel = () => {
      cancellation.cancelled = true;
      cancellation.stop();
      resolve(failure('CANCELLED'));
    };
    run(cancellation).then(resolve, error => resolve(failure('NETWORK_FAILED', String(error))));
  });
  return Object.assign(call, { cancel });
}
