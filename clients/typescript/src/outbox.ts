import { contentOf, fingerprint } from './content.js';
import type { components } from './contract.js';
import type { Operations } from './operations.js';
import { type Failure, failure, type Problem, type Result } from './result.js';
import { backoff, mayPass, type Timer } from './sender.js';
import type { Session } from './session.js';
import type { Storage } from './storage.js';

export type Drawing = components['schemas']['Drawing'];
export type DrawingContent = components['schemas']['DrawingContent'];
export type DrawingSummary = components['schemas']['DrawingSummary'];

/** How a drawing that went through the outbox stands. */
export type DrawingState =
  /** Kept here, on its way to the service; `problem` is why the last try failed. */
  | { id: string; status: 'waiting'; problem?: Problem }
  /** The service has it. */
  | { id: string; status: 'saved'; etag: string; summary?: DrawingSummary }
  /** The service has it no more. */
  | { id: string; status: 'deleted' }
  /**
   * Somebody else wrote in between: call `resolve`, `remove` or `discard`. `mine` is null where it was deleted
   * here, `theirs` where they deleted it.
   */
  | { id: string; status: 'conflict'; mine: DrawingContent | null; theirs: Drawing | null }
  /** The service will not take it as it is: save it changed, or call `discard`. */
  | { id: string; status: 'refused'; problem: Problem };

/** What is kept here and the service does not have yet; `content` is null for a deletion. */
export interface Unsent {
  id: string;
  content: DrawingContent | null;
  state: DrawingState;
}

/**
 * Drawings on their way to the service. What is saved here is kept in storage,
 * survives a restart, and is sent as soon as that is possible: drawings side by
 * side, the states of one drawing in order, the last of them overtaking those that
 * are not yet under way.
 */
export interface Outbox {
  /** The drawing to go on with: what is unsent here, or else what the service has. `save` then replaces that. */
  open(id: string): Promise<Result<DrawingContent>>;
  /** Saves a drawing that was made here, or got by `open`. Returns at once, when it is in storage. */
  save(id: string, content: DrawingContent): void;
  /**
   * Deletes a drawing as it was last seen here, or whatever the service has where it was not. `save` with what it
   * was brings it back.
   */
  remove(id: string): void;
  /**
   * Ends a conflict: `content` replaces what the service has. Pass `mine`, or both merged. `remove` deletes it
   * instead.
   */
  resolve(id: string, content: DrawingContent): void;
  /** Gives up what is unsent of a drawing, as in a conflict where the others are right. */
  discard(id: string): void;
  /** How a drawing stands; undefined if it has not been here since the program started. */
  state(id: string): DrawingState | undefined;
  /** What the user has unsent, for a gallery to show with what the service lists. */
  unsent(): Unsent[];
  /** Calls `listener` with each change of a state, until what it returns is called. */
  subscribe(listener: (state: DrawingState) => void): () => void;
  /**
   * Tries all that waits now, or one drawing: when the network is back, or before it is shared. Resolves when that
   * has been tried.
   */
  flush(id?: string): Promise<void>;
}

/** An outbox as the client has it. */
export interface OutboxOfClient extends Outbox {
  /** The user's account is no more, and no drawing with it. */
  forget(): void;
}

export interface OutboxOptions {
  service: Pick<Operations, 'getDrawing' | 'putDrawing' | 'deleteDrawing'>;
  session: Pick<Session, 'open' | 'user' | 'loggedOut'>;
  storage: Storage;
  random: () => number;
  timer: Timer;
}

/** What storage holds of an unsent drawing. */
interface Entry {
  id: string;
  /** The content as JSON; empty for a deletion. */
  text: string;
  /** The entity tag of the state that it replaces; empty where there is none. */
  base: string;
  /** The fingerprints of all that has been sent since, and may have arrived. */
  tried: string[];
  /** The user who drew it, once known: nobody else may send it. */
  owner?: string;
}

interface Unsettled {
  entry: Entry;
  state: DrawingState;
  /** The entity tag of what is in conflict with it. */
  theirs: string;
  failures: number;
  sending?: Promise<void>;
  stopTimer: () => void;
}

const prefix = 'onestroke.unsent.';
/** What a mini program's storage takes under one key. The service takes half of it. */
const mostBytes = 1_000_000;
/** The fingerprint of no drawing at all. */
const nothing = '-';

export function createOutbox({ service, session, storage, random, timer }: OutboxOptions): OutboxOfClient {
  const unsettled = new Map<string, Unsettled>();
  const settled = new Map<string, DrawingState>();
  /** The entity tags of what `save` replaces, where that is not in an entry. */
  const heads = new Map<string, string>();
  const listeners = new Set<(state: DrawingState) => void>();

  const outbox: OutboxOfClient = {
    async open(id) {
      const kept = unsettled.get(id);
      if (kept && isOwn(kept))
        return kept.entry.text ? { ok: true, data: read(kept.entry), etag: undefined } : failure('DELETED');
      const result = await service.getDrawing({ id });
      if (!result.ok) return result;
      heads.set(id, result.etag);
      return { ...result, data: contentOf(result.data) };
    },

    save: (id, content) => put(id, JSON.stringify(contentOf(content))),

    remove(id) {
      const kept = overrule(id);
      if (kept && !kept.entry.base && !kept.entry.tried.length)
        settle({ id, status: 'deleted' }); // the service never heard of it
      else put(id, '');
    },

    resolve(id, content) {
      overrule(id);
      outbox.save(id, content);
    },

    discard(id) {
      const kept = unsettled.get(id);
      if (!kept) return;
      const etag = kept.state.status === 'conflict' ? kept.theirs : kept.entry.base;
      settle(etag ? { id, status: 'saved', etag } : { id, status: 'deleted' });
    },

    state(id) {
      const kept = unsettled.get(id);
      return kept && isOwn(kept) ? kept.state : settled.get(id);
    },

    unsent: () =>
      Array.from(unsettled.values())
        .filter(isOwn)
        .map(({ entry, state }) => ({ id: entry.id, content: entry.text ? read(entry) : null, state })),

    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    async flush(id) {
      const tried = Array.from(unsettled.values()).filter(({ entry }) => id === undefined || entry.id === id);
      await Promise.all(tried.map(send));
    },

    forget() {
      const saved = Array.from(settled.values()).filter(({ status }) => status === 'saved');
      [...outbox.unsent(), ...saved].forEach(({ id }) => settle({ id, status: 'deleted' }));
      heads.clear();
    },
  };

  for (const key of storage.keys()) {
    const entry = key.startsWith(prefix) && restore(storage.get(key));
    if (entry) unsettled.set(entry.id, begin(entry));
  }
  void outbox.flush();
  return outbox;

  function put(id: string, text: string): void {
    let kept = unsettled.get(id);
    if (!kept)
      unsettled.set(id, (kept = begin({ id, text, base: heads.get(id) || '', tried: [], owner: session.user() })));
    const stored = change(kept, { text, tried: text ? kept.entry.tried : union(kept.entry.tried, nothing) });
    if (kept.state.status === 'conflict' && text) {
      report(kept, { ...kept.state, mine: read(kept.entry) });
      return;
    }
    report(kept, { id, status: 'waiting', problem: stored ? undefined : failure('NOT_STORED').problem });
    kept.failures = 0;
    void send(kept);
  }

  /** In a conflict, what comes next is to replace what the others have. */
  function overrule(id: string): Unsettled | undefined {
    const kept = unsettled.get(id);
    if (kept && kept.state.status === 'conflict') {
      change(kept, { base: kept.theirs, tried: [] });
      kept.state = { id, status: 'waiting' };
    }
    return kept;
  }

  /** What another user drew here waits, unseen, for their next login. */
  function isOwn({ entry }: Unsettled): boolean {
    return entry.owner === undefined || entry.owner === session.user();
  }

  /** Sends until the service has what is kept, or that is not possible now. */
  function send(kept: Unsettled): Promise<void> {
    if (!kept.sending) {
      kept.stopTimer();
      const done = () => (kept.sending = undefined);
      kept.sending = untilStuck(kept);
      kept.sending.then(done, done);
    }
    return kept.sending;
  }

  async function untilStuck(kept: Unsettled): Promise<void> {
    await undefined; // so that `sending` is set, and several changes in one turn are one
    while (isWaiting(kept) && !session.loggedOut()) {
      const opened = await session.open();
      if (!isWaiting(kept) || (opened.ok && !isOwn(kept))) return;
      const { text } = kept.entry;
      const failed = opened.ok ? await sendOnce(kept, opened.data.user) : opened;
      if (!failed) continue;
      if (!isWaiting(kept)) return;
      const { problem, retryAfterMs = 0 } = failed;
      if (isFinal(failed) && kept.entry.text !== text) continue; // what was refused has been overtaken
      if (isFinal(failed)) return report(kept, { id: kept.entry.id, status: 'refused', problem });
      report(kept, { id: kept.entry.id, status: 'waiting', problem });
      kept.stopTimer = timer(retryAfterMs + backoff(kept.failures++, 2_000, 300_000, random), () => void send(kept));
      return;
    }
  }

  function isWaiting(kept: Unsettled): boolean {
    return unsettled.get(kept.entry.id) === kept && kept.state.status === 'waiting';
  }

  async function sendOnce(kept: Unsettled, owner: string): Promise<Failure | undefined> {
    const sent = kept.entry;
    const { id, base } = sent;
    // Without its tag, a deletion that arrives late would delete what was saved since.
    if (!sent.text && !base) return compare(kept);
    // In storage before it is sent: a program killed meanwhile must know it again when the service shows it.
    change(kept, { owner, tried: union(sent.tried, markOf(sent)) });
    const result = sent.text
      ? await service.putDrawing(
          { id, body: read(sent), ...(base ? { ifMatch: base } : { ifNoneMatch: '*' }) },
          { retries: 0 },
        )
      : await service.deleteDrawing({ id, ifMatch: base }, { retries: 0 });
    if (unsettled.get(id) !== kept) {
      if (result.ok) heads.set(id, result.etag || '');
      return undefined;
    }
    if (result.ok) {
      arrived(kept, sent.text, result.etag || '', result.data);
      return undefined;
    }
    return result.problem.code === 'ERR_PRECONDITION_FAILED' ? compare(kept) : result;
  }

  /** The service has `text` of this drawing; meanwhile there may be something newer. */
  function arrived(kept: Unsettled, text: string, etag: string, summary?: DrawingSummary): void {
    const { id } = kept.entry;
    kept.failures = 0;
    if (kept.entry.text !== text) change(kept, { base: etag, tried: [] });
    else settle(text ? { id, status: 'saved', etag, summary } : { id, status: 'deleted' });
  }

  /**
   * The service has another state than was thought. Where it is one that was sent
   * from here, its reply having been lost, there is nobody to be in conflict with.
   */
  async function compare(kept: Unsettled): Promise<Failure | undefined> {
    const { id } = kept.entry;
    const result = await service.getDrawing({ id }, { retries: 0 });
    if (unsettled.get(id) !== kept) return undefined;
    const gone = !result.ok && result.problem.code === 'ERR_NOT_FOUND';
    if (!result.ok && !gone) return result;
    if (result.ok && !result.etag) return failure('BAD_ANSWER', 'no ETag');
    const { entry } = kept;
    const theirs = result.ok ? result.data : null;
    const etag = result.ok ? result.etag : '';
    const mark = theirs ? fingerprint(theirs) : nothing;
    const deletedUnseen = !entry.base && entry.tried[0] === nothing;
    if (mark === markOf(entry)) arrived(kept, entry.text, etag);
    else if (deletedUnseen || etag === entry.base || entry.tried.includes(mark))
      change(kept, { base: etag, tried: [] });
    else {
      kept.theirs = etag;
      report(kept, { id, status: 'conflict', mine: entry.text ? read(entry) : null, theirs });
    }
    return undefined;
  }

  function begin(entry: Entry): Unsettled {
    return { entry, state: { id: entry.id, status: 'waiting' }, theirs: '', failures: 0, stopTimer() {} };
  }

  /** Changes an entry, in storage too, and tells whether that took it. */
  function change(kept: Unsettled, changes: Partial<Entry>): boolean {
    kept.entry = { ...kept.entry, ...changes };
    const { text, ...rest } = kept.entry;
    const value = JSON.stringify(rest) + '\n' + text;
    const key = prefix + rest.id;
    try {
      if (bytes(value) > mostBytes) throw new Error('too large');
      storage.set(key, value);
      return true;
    } catch {
      storage.remove(key); // an older state must not come back as the newest
      return false;
    }
  }

  function settle(state: DrawingState): void {
    const { id } = state;
    const kept = unsettled.get(id);
    if (kept) kept.stopTimer();
    unsettled.delete(id);
    storage.remove(prefix + id);
    heads.set(id, state.status === 'saved' ? state.etag : '');
    settled.set(id, state);
    tell(state);
  }

  function report(kept: Unsettled, state: DrawingState): void {
    kept.state = state;
    tell(state);
  }

  function tell(state: DrawingState): void {
    listeners.forEach(listener => listener(state));
  }
}

/** Whether only a change of the drawing can make the service take it. */
function isFinal(failed: Failure): boolean {
  const { status } = failed.problem;
  return !mayPass(failed) && status >= 400 && status < 500 && status !== 401;
}

function union(marks: string[], mark: string): string[] {
  return marks.includes(mark) ? marks : marks.concat(mark);
}

/** What a drawing is known by, whoever tells of it. */
function markOf(entry: Entry): string {
  return entry.text ? fingerprint(read(entry)) : nothing;
}

function read({ text }: Entry): DrawingContent {
  return JSON.parse(text) as DrawingContent;
}

function restore(value: string | undefined): Entry | undefined {
  try {
    const [head, text] = value!.split('\n');
    return { ...(JSON.parse(head!) as Omit<Entry, 'text'>), text: text! };
  } catch {
    return undefined;
  }
}

/** The size of a text in UTF-8. */
function bytes(text: string): number {
  return encodeURIComponent(text).replace(/%../g, ' ').length;
}
