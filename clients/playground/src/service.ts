import { createClient, fetchTransport, type LoginCode, type Problem } from 'onestroke-client';
import { keep, storage } from './storage';
import { words } from './words';

/** The address of the page and the service. */
export const home = new URL('.', location.href).href.replace(/[?#].*/, '');

/** Whether the service simulates WeChat, so that any name can log in. */
export const simulated = document.documentElement.dataset.simulator === 'true';

const key = 'onestroke.user';
let name = simulated ? storage.get(key) : undefined;

/** The user's name; undefined if nobody is logged in. */
export const user = {
  get name(): string | undefined {
    return name;
  },
  set name(to: string | undefined) {
    name = to;
    if (to) keep(key, to);
    else storage.remove(key);
  },
};

// Another tab has logged in or out: the session and the drawings of this one are the former user's.
addEventListener('storage', event => event.key === key && location.reload());
// A page that the browser kept, and shows again, heard nothing meanwhile.
addEventListener('pageshow', ({ persisted }) => persisted && storage.get(key) !== name && location.reload());

export const client = createClient({
  baseUrl: home,
  transport: fetchTransport((url, init) => fetch(url, init)),
  storage,
  async login(): Promise<LoginCode> {
    if (!user.name) throw new Error('nobody is logged in');
    const answer = await fetch(home + 'simulator/login', { method: 'POST', body: JSON.stringify({ user: user.name }) });
    const { code, rawData, signature } = (await answer.json()) as { code: string; rawData: string; signature: string };
    return { code, rawData, signature };
  },
});

/** Tells other tabs of this browser which drawing has changed. */
const tabs = new BroadcastChannel('onestroke');
client.drawings.subscribe(({ id, status }) => {
  if (status === 'saved' || status === 'deleted') tabs.postMessage(id);
});

/** Calls `listener` when another tab has saved or deleted a drawing. Returns a function that ends this. */
export function onOtherTab(listener: (id: string) => void): () => void {
  const listen = ({ data }: MessageEvent<string>) => listener(data);
  tabs.addEventListener('message', listen);
  return () => tabs.removeEventListener('message', listen);
}

addEventListener('online', () => void client.drawings.flush());
document.addEventListener('visibilitychange', () => void client.drawings.flush());

/** The message for a failed request. */
export function sayProblem({ code }: Problem): string {
  if (code === 'ERR_NOT_FOUND' || code === 'ERR_INVALID_REQUEST' || code === 'DELETED') return words.notFound;
  if (code === 'ERR_SUSPENDED') return words.suspended;
  if (code === 'ERR_QUOTA_EXCEEDED') return words.tooMany;
  return code === 'NETWORK_FAILED' || code === 'TIMED_OUT' ? words.offline : words.failed;
}

/** Why the service refuses a drawing. */
export function sayRefusal(problem: Problem): string {
  const { code } = problem;
  if (code === 'ERR_PRECONDITION_REQUIRED') return words.incompleteSays;
  const tooLarge = code === 'ERR_TOO_LARGE' || code === 'ERR_INVALID_REQUEST';
  return `${words.refused}: ${tooLarge ? words.tooLarge : sayProblem(problem)}`;
}

/** Sends a drawing, so that the service has its last stroke. Resolves with why it has not, or with undefined. */
export async function send(id: string): Promise<string | undefined> {
  await client.drawings.flush(id);
  const state = client.drawings.state(id);
  if (state?.status === 'waiting') return words.waiting;
  if (state?.status === 'refused') return sayRefusal(state.problem);
  if (state?.status === 'conflict') return state.theirs ? words.conflictSays : words.theirsDeleted;
  return undefined;
}

/** Registers the service worker, with which the page opens without a network. Browsers allow one only with HTTPS or on localhost. */
export async function registerWorker(): Promise<void> {
  const address = 'sw.js';
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy('service-worker', { createScriptURL: () => address });
  await navigator.serviceWorker?.register((policy?.createScriptURL('') ?? address) as string);
}

/** Not in the types of browsers yet. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(input: string): unknown };
}
