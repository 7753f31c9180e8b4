import { contentOf, fingerprint, idOf } from './content.js';
import type { components } from './contract.js';
import type { Operations } from './operations.js';
import { type Failure, failure, type Problem, type Result } from './result.js';
import { backoff, mayPass, type Timer } from './sender.js';
import type { Session } from './session.js';
import type { Storage } from './storage.js';

export type Drawing = components['schemas']['Drawing'];
export type DrawingContent = components['schemas']['DrawingContent'];
export type DrawingSummary = components['schemas']['DrawingSummary'];

/** The state of a drawing that was saved or deleted through the outbox. */
export type DrawingState =
  /**
   * Stored here and not yet sent; `problem` is why the last try failed. With the code `NOT_STORED` storage has no room
   * for it: it is lost if the program ends.
   */
  | { id: string; status: 'waiting'; problem?: Problem | undefined }
  /** The service has it. */
  | { id: string; status: 'saved'; etag: string; summary?: DrawingSummary | undefined }
  /** The service no longer has it. */
  | { id: string; status: 'deleted' }
  /**
   * Another device changed the drawing in the meantime: call `resolve` or `discard`. `mine` is null if it was deleted
   * here, `theirs` if it was deleted there.
   */
  | { id: string; status: 'conflict'; mine: DrawingContent | null; theirs: Drawing | null }
  /**
   * The service refuses the drawing: save a changed one, or call `discard`. With the code `ERR_PRECONDITION_REQUIRED`
   * the drawing has `incomplete`: to replace it nevertheless, call `replaceIncomplete`. With `ERR_QUOTA_EXCEEDED` or
   * `ERR_SUSPENDED` it is tried again by `flush`, and for the quota after a deletion.
   */
  | { id: string; status: 'refused'; problem: Problem };

/** A change that the service does not have yet; `content` is null for a deletion. */
export interface Unsent {
  id: string;
  content: DrawingContent | null;
  state: DrawingState;
}

/**
 * Drawings that are stored here and sent to the service. A saved drawing survives a restart and is sent as soon as
 * there is a network. Different drawings are sent in parallel. The states of one drawing are sent in order; the newest
 * replaces those that have not been sent yet. Several programs may share a storage, as the tabs of a browser do: what
 * one of them leaves unsent, another sends. What one of them draws replaces nothing of another that it has not opened:
 * if that is still unsent, it becomes a drawing of its own.
 */
export interface Outbox {
  /** The drawing as it is unsent here, otherwise as the service has it. A later `save` replaces exactly this state. */
  open(id: string): Promise<Result<DrawingContent>>;
  /** Saves a drawing that is new, or was opened with `open`. It is in storage when this returns, if there is room. */
  save(id: string, content: DrawingContent): void;
  /**
   * Deletes a drawing in the state that was last seen here, or in any state if it was not seen; what another program
   * left unsent of it, too. `save` with its content restores it. A conflict goes on, with `mine` null.
   */
  remove(id: string): void;
  /**
   * Ends a conflict: `content` replaces what the service has. Pass `mine`, or a merge of both; null deletes the drawing.
   */
  resolve(id: string, content: DrawingContent | null): void;
  /**
   * Sends a drawing that was refused because the service's one has `incomplete`: what a program of 2017 drew and the
   * strokes do not show is lost.
   */
  replaceIncomplete(id: string): void;
  /** Drops the unsent change of a drawing; the service's state remains. */
  discard(id: string): void;
  /** The state of a drawing; undefined if nothing of it is unsent, or was sent since the program started. */
  state(id: string): DrawingState | undefined;
  /** The user's unsent changes, which a gallery shows together with what the service lists. */
  unsent(): Unsent[];
  /** Calls `listener` with each new state. Returns a function that ends this. */
  subscribe(listener: (state: DrawingState) => void): () => void;
  /**
   * Sends everything that waits, or one drawing: when the network is back, or before a drawing is shared. Resolves
   * after one try of each.
   */
  flush(id?: string): Promise<void>;
}

/** The outbox with what only the client calls. */
export interface OutboxOfClient extends Outbox {
  /** If it is `late`, a later `save` still replaces the state that was seen before. */
  open(id: string, late?: boolean): Promise<Result<DrawingContent>>;
  /** The account was deleted, and all its drawings with it. */
  forget(): void;
}

export interface OutboxOptions {
  service: Pick<Operations, 'getDrawing' | 'putDrawing' | 'deleteDrawing'>;
  session: Pick<Session, 'open' | 'user' | 'loggedOut'>;
  storage: Storage;
  random: () => number;
  timer: Timer;
}

/** An unsent change in storage. */
interface Entry {
  id: string;
  /** The content as JSON; empty for a deletion. */
  text: string;
  /** The entity tag of the state that it replaces; empty for a new drawing. */
  base: string;
  /** The fingerprints of all states that were sent since then: each of them may have arrived. */
  tried: string[];
  /** Whether it may replace a drawing that has `incomplete`. */
  replaceIncomplete?: boolean | undefined;
  /** The id of the user who drew it, if known: only this user sends it. */
  owner?: string | undefined;
}

interface Unsettled {
  entry: Entry;
  state: DrawingState;
  /** In a conflict: the entity tag of the other state. */
  theirs: string;
  /** What storage has of it, as far as this program knows. */
  value: string | undefined;
  /** Whether that is the newest state. */
  stored: boolean;
  /** Whether this program changed it. Otherwise another one did, which may still do. */
  changed: boolean;
  /** Whether the app knows this state, so that what it saves next replaces it. */
  seen: boolean;
  failures: number;
  sending?: Promise<void> | undefined;
  stopTimer: () => void;
}

/** The state that the service has of a drawing. */
interface Answer {
  ok: true;
  /** Null if there is none. */
  theirs: Drawing | null;
  /** Empty if there is none. */
  etag: string;
  mark: string;
}

const prefix = 'onestroke.unsent.';
/** The limit of a mini program's storage for one key. The limit of the service is half of it. */
const mostBytes = 1_000_000;
/** Stands for the fingerprint of a deleted drawing. */
const nothing = '-';

export function createOutbox({ service, session, storage, random, timer }: OutboxOptions): OutboxOfClient {
  const unsettled = new Map<string, Unsettled>();
  const settled = new Map<string, DrawingState>();
  /** The entity tags of the states that the next `save` replaces, for drawings without an entry. */
  const bases = new Map<string, string>();
  const listeners = new Set<(state: DrawingState) => void>();
  /** How many drawings were deleted: each makes room for another. */
  let deletions = 0;

  const outbox: OutboxOfClient = {
    async open(id, late) {
      // Storage is not looked at: a browser may still show there what another tab has just sent.
      const found = unsettled.get(id);
      if (found && !follow(found)) await outbox.flush(id); // another program has sent it
      const pending = own(id);
      if (pending) {
        pending.seen = true;
        bases.set(id, pending.entry.base); // in case another program draws over it
        return pending.entry.text ? { ok: true, data: read(pending.entry), etag: undefined } : failure('DELETED');
      }
      const base = bases.get(id);
      const result = await service.getDrawing({ id });
      // A change that was made while the answer was on its way is newer than the answer. Who made it, or opened the
      // drawing meanwhile, has not seen what comes now.
      const isNewest = bases.get(id) === base || (result.ok && result.etag === bases.get(id));
      if (own(id) || !isNewest) return outbox.open(id, late || !isNewest);
      if (!result.ok) return result;
      if (!late) bases.set(id, result.etag);
      return { ...result, data: contentOf(result.data) };
    },

    save: (id, content) => put(id, JSON.stringify(contentOf(content))),

    remove(id) {
      const pending = find(id);
      if (pending && isOwn(pending) && !pending.entry.base && !pending.entry.tried.length)
        settle(id); // it was never sent
      else put(id, '');
    },

    resolve(id, content) {
      const pending = own(id);
      if (pending && pending.state.status === 'conflict') {
        bases.set(id, pending.theirs); // in case another program has drawn over it
        change(pending, { base: pending.theirs, tried: [], replaceIncomplete: undefined });
        pending.state = { id, status: 'waiting' };
        pending.seen = true;
      }
      if (content) outbox.save(id, content);
      else outbox.remove(id);
    },

    replaceIncomplete(id) {
      const pending = own(id);
      if (!pending || pending.state.status !== 'refused') return;
      change(pending, { replaceIncomplete: true });
      resume(pending);
    },

    discard(id) {
      const pending = own(id);
      if (!pending) return;
      const isConflict = pending.state.status === 'conflict';
      const etag = isConflict ? pending.theirs : pending.entry.base;
      if (isConflict) pending.seen = true;
      settle(id, etag || undefined);
    },

    state(id) {
      const pending = own(id);
      return pending ? pending.state : settled.get(id);
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
      look(false);
      const tried = Array.from(unsettled.values()).filter(({ entry }) => id === undefined || entry.id === id);
      tried.forEach(pending => retry(pending, 'ERR_QUOTA_EXCEEDED', 'ERR_SUSPENDED'));
      await Promise.all(tried.map(send));
    },

    forget() {
      // What another user left unsent stays.
      for (const { id } of [...outbox.unsent(), ...Array.from(settled.values())]) {
        const entry = inStorage(id);
        if (entry && isOwn({ entry })) storage.remove(prefix + id);
        if (own(id) || (isSaved(id) && !unsettled.has(id))) settle(id);
      }
      bases.clear();
    },
  };

  look(true); // the app has nothing else yet
  void outbox.flush();
  return outbox;

  /** Finds what earlier programs, and others with the same storage, left unsent. */
  function look(seen: boolean): void {
    for (const key of storage.keys()) if (key.startsWith(prefix)) take(key, seen);
  }

  function take(key: string, seen = false): void {
    const value = storage.get(key);
    const entry = restore(value);
    if (entry && !unsettled.has(entry.id)) unsettled.set(entry.id, begin(entry, value, seen));
  }

  function put(id: string, text: string, owner = session.user()): void {
    let pending = find(id);
    const stored = inStorage(id);
    const known = pending && isSeen(pending) ? textOf(pending.value) : text;
    // A deletion is of what the user's other programs drew, too.
    const isMeant = stored && isOwn({ entry: stored }) && (!text || stored.text === text || stored.text === known);
    const replacesOthers = !stored || !stored.text || isMeant || copy(stored);
    if (!pending || !(text ? isSeen(pending) : isOwn(pending))) {
      // What is under way of the other does not count any more.
      pending = begin({ id, text, base: bases.get(id) || '', tried: [], owner });
      unsettled.set(id, pending);
    }
    pending.changed = text !== ''; // a deletion that another program has sent is not sent again
    pending.seen = true;
    change(pending, { text, tried: text ? pending.entry.tried : union(pending.entry.tried, nothing) }, replacesOthers);
    if (pending.state.status === 'conflict')
      return report(pending, { ...pending.state, mine: text ? read(pending.entry) : null });
    pending.failures = 0;
    resume(pending);
  }

  /** Makes a drawing of its own of what another program drew, once. Returns false if storage has no room for it. */
  function copy(entry: Entry): boolean {
    const id = idOf(entry.id + markOf(entry));
    take(prefix + id);
    const kept = unsettled.get(id);
    const text = kept ? kept.entry.text : isSaved(id) ? entry.text : '';
    if (!text) put(id, entry.text, entry.owner);
    else if (text !== entry.text) return copy({ ...entry, id }); // it was changed since
    const copied = unsettled.get(id);
    return !copied || copied.stored;
  }

  function isSaved(id: string): boolean {
    const state = settled.get(id);
    return !!state && state.status === 'saved';
  }

  /** The unsent change of a drawing that is about to change here, with what other programs have done to it. */
  function find(id: string): Unsettled | undefined {
    take(prefix + id);
    const pending = unsettled.get(id);
    const before = pending && restore(pending.value);
    if (!before || (follow(pending) && !pending.changed)) return pending;
    const now = inStorage(id);
    const tried = !now ? [markOf(before)] : now.text === before.text ? now.tried : [];
    pending.entry = { ...pending.entry, tried: tried.reduce(union, pending.entry.tried) };
    return pending;
  }

  /** Whether another program has changed or sent what this one only read. */
  function isStale(pending: Unsettled): boolean {
    return !pending.changed && storage.get(prefix + pending.entry.id) !== pending.value;
  }

  /** Takes over, and sends, what another program has changed. Returns false if there is nothing unsent any more. */
  function follow(pending: Unsettled): boolean {
    if (!isStale(pending)) return true;
    const value = storage.get(prefix + pending.entry.id);
    const entry = restore(value);
    if (!entry) return false;
    pending.stopTimer();
    Object.assign(pending, begin(entry, value, pending.seen && entry.text === pending.entry.text));
    resume(pending);
    return true;
  }

  /** What storage has of a drawing. */
  function inStorage(id: string): Entry | undefined {
    return restore(storage.get(prefix + id));
  }

  /** Sends what was refused for one of these reasons, or what another program has changed. */
  function retry(pending: Unsettled, ...codes: string[]): void {
    const { state } = pending;
    const isRefused = state.status === 'refused' && codes.includes(state.problem.code);
    if (isOwn(pending) && (isRefused || isStale(pending))) resume(pending);
  }

  /** Sends a change, again if a try has failed. */
  function resume(pending: Unsettled): void {
    if (isOwn(pending)) wait(pending);
    void send(pending);
  }

  /** Changes of another user stay hidden until that user logs in again. */
  function isOwn({ entry }: Pick<Unsettled, 'entry'>): boolean {
    return entry.owner === undefined || entry.owner === session.user();
  }

  /** The user's own unsent change of a drawing. */
  function own(id: string): Unsettled | undefined {
    const pending = unsettled.get(id);
    return pending && isOwn(pending) ? pending : undefined;
  }

  function isSeen(pending: Unsettled): boolean {
    return pending.seen && isOwn(pending);
  }

  /** Sends until the service has the newest state, or a try fails. */
  function send(pending: Unsettled): Promise<void> {
    if (!pending.sending) {
      pending.stopTimer();
      pending.sending = untilStuck(pending);
      pending.sending.catch(() => {}); // flush tells what a listener throws
    }
    return pending.sending;
  }

  async function untilStuck(pending: Unsettled): Promise<void> {
    await undefined; // `sending` is set first, and several changes in one turn are sent as one
    try {
      while (isWaiting(pending) && !session.loggedOut()) {
        const opened = await session.open();
        if (!isWaiting(pending)) return;
        const isHere = follow(pending);
        if (opened.ok && !isOwn(pending)) return;
        const { text } = pending.entry;
        const before = deletions;
        const failed = !opened.ok ? opened : await (isHere ? sendOnce(pending, opened.data.user) : takeOver(pending));
        if (!failed) continue;
        if (!isWaiting(pending)) return;
        const { problem, retryAfterMs = 0 } = failed;
        if (problem.code === 'ERR_QUOTA_EXCEEDED' && deletions !== before) continue; // there may be room for it now
        if (isFinal(failed)) {
          // A newer state replaces the refused one, also one that a listener has just saved.
          if (pending.entry.text === text) report(pending, { id: pending.entry.id, status: 'refused', problem });
          continue;
        }
        wait(pending, problem);
        pending.stopTimer = timer(
          retryAfterMs + backoff(pending.failures++, 2_000, 300_000, random),
          () => void send(pending),
        );
        return;
      }
    } finally {
      pending.sending = undefined; // in the same turn: what is saved from now on is sent anew
    }
  }

  function isWaiting(pending: Unsettled): boolean {
    return unsettled.get(pending.entry.id) === pending && pending.state.status === 'waiting';
  }

  async function sendOnce(pending: Unsettled, owner: string): Promise<Failure | undefined> {
    const sent = pending.entry;
    const { id, base } = sent;
    // Without an entity tag, a deletion that arrives late would delete a newer state.
    if (!sent.text && !base) return compare(pending);
    // Stored before it is sent: after a crash the program must recognise this state when the service returns it.
    change(pending, { owner, tried: union(sent.tried, markOf(sent)) });
    const result = sent.text
      ? await service.putDrawing(
          {
            id,
            body: read(sent),
            replaceIncomplete: sent.replaceIncomplete,
            ...(base ? { ifMatch: base } : { ifNoneMatch: '*' }),
          },
          { retries: 0 },
        )
      : await service.deleteDrawing({ id, ifMatch: base }, { retries: 0 });
    if (unsettled.get(id) !== pending) {
      if (result.ok && isSeen(pending)) bases.set(id, result.etag || '');
      return undefined;
    }
    if (!result.ok) return result.problem.code === 'ERR_PRECONDITION_FAILED' ? compare(pending) : result;
    arrived(pending, sent.text, result.etag || '', result.data);
    return undefined;
  }

  /** Another program has sent the drawing: takes over the state that the service has. */
  async function takeOver(pending: Unsettled): Promise<Failure | undefined> {
    const { entry } = pending;
    const answer = await ask(entry.id);
    if (unsettled.get(entry.id) !== pending || pending.entry !== entry) return undefined;
    if (!answer.ok) return answer;
    if (markOf(entry) !== answer.mark) pending.seen = false;
    settle(entry.id, answer.etag || undefined);
    return undefined;
  }

  /** Asks for the state that the service has. */
  async function ask(id: string): Promise<Answer | Failure> {
    const result = await service.getDrawing({ id }, { retries: 0 });
    if (!result.ok)
      return result.problem.code === 'ERR_NOT_FOUND' ? { ok: true, theirs: null, etag: '', mark: nothing } : result;
    const { data: theirs, etag } = result;
    return etag ? { ok: true, theirs, etag, mark: fingerprint(theirs) } : failure('BAD_ANSWER', 'no ETag');
  }

  /** The service has `text`. There may be a newer state here by now. */
  function arrived(pending: Unsettled, text: string, etag: string, summary?: DrawingSummary): void {
    const { id } = pending.entry;
    pending.failures = 0;
    if (pending.entry.text !== text) change(pending, { base: etag, tried: [], replaceIncomplete: undefined });
    else settle(id, text ? etag : undefined, summary);
  }

  /**
   * The service has another state than expected. If that state was sent from here and only the response was lost,
   * it is no conflict.
   */
  async function compare(pending: Unsettled): Promise<Failure | undefined> {
    const { id } = pending.entry;
    if (!isOwn(pending)) return undefined; // the user has logged out
    const answer = await ask(id);
    if (unsettled.get(id) !== pending || isStale(pending)) return undefined;
    if (!answer.ok) return answer;
    const { entry } = pending;
    const { theirs, etag, mark } = answer;
    const deletesUnseen = !entry.text && !entry.base && entry.tried[0] === nothing;
    if (mark === markOf(entry)) arrived(pending, entry.text, etag);
    else if (etag === entry.base) return failure('BAD_ANSWER');
    else if (deletesUnseen || entry.tried.includes(mark)) change(pending, { base: etag, tried: [] });
    else {
      pending.theirs = etag;
      report(pending, { id, status: 'conflict', mine: entry.text ? read(entry) : null, theirs });
    }
    return undefined;
  }

  function begin(entry: Entry, value?: string, seen = false): Unsettled {
    const state: DrawingState = { id: entry.id, status: 'waiting' };
    return { entry, state, value, stored: true, changed: false, seen, theirs: '', failures: 0, stopTimer() {} };
  }

  /**
   * Changes an entry, also in storage, except where another program has drawn since. If there is no room, storage keeps
   * the state before: after a restart it is sent, or is in conflict with a newer one that was sent.
   */
  function change(pending: Unsettled, changes: Partial<Entry>, replacesOthers = false): void {
    pending.entry = { ...pending.entry, ...changes };
    const { text, ...rest } = pending.entry;
    const value = JSON.stringify(rest) + '\n' + text;
    const key = prefix + rest.id;
    const now = storage.get(key);
    const isKnown = now === undefined || textOf(now) === textOf(pending.value);
    if ((replacesOthers || isKnown) && store(key, value)) {
      pending.value = value;
      pending.stored = true;
    } else {
      pending.stored = textOf(now) === text;
    }
  }

  /** Returns false if storage has no room. */
  function store(key: string, value: string): boolean {
    try {
      if (bytes(value) > mostBytes) return false;
      storage.set(key, value);
      return true;
    } catch {
      return false;
    }
  }

  /** Ends what is unsent: the service has the drawing in the state with this tag, or no longer has it. */
  function settle(id: string, etag?: string, summary?: DrawingSummary): void {
    const pending = unsettled.get(id);
    if (pending) {
      pending.stopTimer();
      unsettled.delete(id);
      const value = storage.get(prefix + id);
      // What another program has changed since, that one sends.
      if (value === pending.value || textOf(value) === pending.entry.text) storage.remove(prefix + id);
    }
    if (!pending || isSeen(pending)) bases.set(id, etag || '');
    const state: DrawingState = etag === undefined ? { id, status: 'deleted' } : { id, status: 'saved', etag, summary };
    settled.set(id, state);
    notify(state);
    if (etag !== undefined) return;
    deletions++;
    // There is room for another now.
    Array.from(unsettled.values()).forEach(other => retry(other, 'ERR_QUOTA_EXCEEDED'));
  }

  function wait(pending: Unsettled, problem?: Problem): void {
    const { id } = pending.entry;
    report(pending, { id, status: 'waiting', problem: pending.stored ? problem : failure('NOT_STORED').problem });
  }

  function report(pending: Unsettled, state: DrawingState): void {
    pending.state = state;
    notify(state);
  }

  function notify(state: DrawingState): void {
    listeners.forEach(listener => listener(state));
  }
}

/** Whether another try with the same content is useless. */
function isFinal(failed: Failure): boolean {
  const { status } = failed.problem;
  return !mayPass(failed) && status >= 400 && status < 500 && status !== 401;
}

function union(marks: string[], mark: string): string[] {
  return marks.includes(mark) ? marks : marks.concat(mark);
}

/** The fingerprint of an entry's content. */
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

function textOf(value: string | undefined): string | undefined {
  const entry = restore(value);
  return entry && entry.text;
}

/** The size of a text in UTF-8. */
function bytes(text: string): number {
  return encodeURIComponent(text).replace(/%../g, ' ').length;
}
