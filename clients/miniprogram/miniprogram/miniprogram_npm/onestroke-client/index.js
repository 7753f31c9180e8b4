"use strict";
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key2 of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key2) && key2 !== except)
        __defProp(to, key2, { get: () => from[key2], enumerable: !(desc = __getOwnPropDesc(from, key2)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// ../typescript/src/index.ts
var src_exports = {};
__export(src_exports, {
  cloudTransport: () => cloudTransport,
  contentOf: () => contentOf,
  createClient: () => createClient,
  fetchTransport: () => fetchTransport,
  isSameContent: () => isSameContent,
  memoryStorage: () => memoryStorage,
  newId: () => newId,
  pages: () => pages,
  webStorage: () => webStorage,
  wxLogin: () => wxLogin,
  wxStorage: () => wxStorage,
  wxTransport: () => wxTransport,
  xhrTransport: () => xhrTransport
});
module.exports = __toCommonJS(src_exports);

// ../typescript/src/result.ts
function failure(code, detail = "", status = 0) {
  return { ok: false, problem: { code, status, detail } };
}

// ../typescript/src/utf8.ts
function encode(text) {
  const escaped = encodeURIComponent(text);
  const bytes2 = new Uint8Array(escaped.length);
  let length = 0;
  for (let i = 0; i < escaped.length; i++) {
    const isByte = escaped[i] === "%";
    bytes2[length++] = isByte ? parseInt(escaped.slice(i + 1, i + 3), 16) : escaped.charCodeAt(i);
    if (isByte) i += 2;
  }
  return bytes2.buffer.slice(0, length);
}
function decode(bytes2) {
  let escaped = "";
  for (const byte of bytes2)
    escaped += byte === 37 || byte > 127 ? "%" + byte.toString(16) : String.fromCharCode(byte);
  return decodeURIComponent(escaped);
}

// ../typescript/src/lines.ts
async function* jsonLines(parts) {
  let begun = [];
  try {
    for (; ; ) {
      const part = await parts.next();
      if (!part.ok) return yield part;
      if (!part.data) break;
      let from = 0;
      for (let end = 0; (end = part.data.indexOf(10, from)) >= 0; from = end + 1) {
        const value = parse(joined([...begun, part.data.subarray(from, end)]));
        begun = [];
        yield value;
        if (!value.ok) return;
      }
      begun.push(part.data.subarray(from));
    }
    if (joined(begun).length) yield failure("BAD_ANSWER", "the last line is not complete", 200);
  } finally {
    parts.close();
  }
}
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
function parse(line) {
  try {
    return { ok: true, data: JSON.parse(decode(line)), etag: void 0 };
  } catch (error) {
    return failure("BAD_ANSWER", String(error), 200);
  }
}

// ../typescript/src/operations.ts
var routes = {
  logIn: ["POST", "/v1/session", "open"],
  getSession: ["GET", "/v1/session"],
  logOut: ["DELETE", "/v1/session"],
  listSessions: ["GET", "/v1/sessions"],
  endOtherSessions: ["DELETE", "/v1/sessions"],
  endSession: ["DELETE", "/v1/sessions/{id}"],
  listDrawings: ["GET", "/v1/drawings"],
  getDrawing: ["GET", "/v1/drawings/{id}"],
  putDrawing: ["PUT", "/v1/drawings/{id}"],
  deleteDrawing: ["DELETE", "/v1/drawings/{id}"],
  getDrawingImage: ["GET", "/v1/drawings/{id}/image"],
  shareDrawing: ["PUT", "/v1/drawings/{id}/share"],
  getShare: ["GET", "/v1/drawings/{id}/share"],
  getShareCode: ["GET", "/v1/drawings/{id}/share/code", "bytes"],
  unshareDrawing: ["DELETE", "/v1/drawings/{id}/share"],
  getSharedDrawing: ["GET", "/v1/shared/{token}", "open"],
  getSharedDrawingImage: ["GET", "/v1/shared/{token}/image", "open"],
  reportSharedDrawing: ["POST", "/v1/shared/{token}/reports", "open"],
  getProfile: ["GET", "/v1/profile"],
  putProfile: ["PUT", "/v1/profile"],
  deleteProfile: ["DELETE", "/v1/profile"],
  deleteAvatar: ["DELETE", "/v1/profile/avatar"],
  exportDrawings: ["GET", "/v1/export"],
  deleteAccount: ["DELETE", "/v1/account"],
  listPaints: ["GET", "/applet/session/paints/list"],
  savePaint: ["POST", "/applet/session/paints/save"],
  deletePaint: ["POST", "/applet/session/paints/delete"],
  livez: ["GET", "/livez", "open"],
  readyz: ["GET", "/readyz", "open"],
  getContractYaml: ["GET", "/openapi.yaml", "open"],
  getContractJson: ["GET", "/openapi.json", "open"],
  getCurrentContractYaml: ["GET", "/openapi-v1.yaml", "open"],
  getCurrentContractJson: ["GET", "/openapi-v1.json", "open"]
};
function requestOf(baseUrl, [method, path, special], args = {}) {
  const { ifMatch, ifNoneMatch, body, ...parameters } = args;
  const headers = {};
  if (ifMatch) headers["If-Match"] = ifMatch;
  if (ifNoneMatch) headers["If-None-Match"] = ifNoneMatch;
  if (body !== void 0) headers["Content-Type"] = "application/json";
  const filled = path.replace(/{(\w+)}/g, (_, name) => {
    const value = parameters[name];
    delete parameters[name];
    return encodeURIComponent(String(value));
  });
  const query = Object.keys(parameters).filter((name) => parameters[name] !== void 0).map((name) => `${name}=${encodeURIComponent(String(parameters[name]))}`).join("&");
  return {
    method,
    url: baseUrl + filled + (query && "?" + query),
    headers,
    body: body === void 0 ? void 0 : JSON.stringify(body),
    responseType: special === "bytes" || args.format === "png" ? "arraybuffer" : "text"
  };
}

// ../typescript/src/id.ts
function newId(random = Math.random) {
  return "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, (place) => {
    const digit = Math.floor(random() * 16);
    return (place === "x" ? digit : digit & 3 | 8).toString(16);
  });
}

// ../typescript/src/content.ts
var stroke = {
  tool: same,
  color: same,
  width: same,
  x: same,
  y: same,
  t: (t = []) => neverDecreasing(t),
  p: (p = []) => p
};
var canvas = {
  width: same,
  height: same,
  background: (color = "") => color
};
var content = {
  format: same,
  title: (title = "") => title,
  oneStroke: (oneStroke = false) => oneStroke,
  canvas: (value) => canonical(value, canvas),
  strokes: (value) => value.map((one) => canonical(one, stroke))
};
function contentOf(drawing) {
  return {
    ...pick(drawing, content),
    canvas: pick(drawing.canvas, canvas),
    strokes: drawing.strokes.map((one) => pick(one, stroke))
  };
}
function isSameContent(a, b) {
  return canonicalText(a) === canonicalText(b);
}
function fingerprint(drawing) {
  const text = canonicalText(drawing);
  return hash(text, 0).toString(36) + hash(text, 2654435769).toString(36);
}
function idOf(text) {
  let seed = 0;
  return newId(() => hash(text, seed++) / 2 ** 32);
}
function canonicalText(drawing) {
  return JSON.stringify(canonical(drawing, content));
}
function canonical(value, members) {
  return namesOf(members).map((name) => members[name](value[name]));
}
function pick(value, members) {
  const picked = {};
  for (const name of namesOf(members)) if (value[name] !== void 0) picked[name] = value[name];
  return picked;
}
function namesOf(members) {
  return Object.keys(members);
}
function same(value) {
  return value;
}
function neverDecreasing(t) {
  let latest = 0;
  return t.map((value) => latest = Math.max(latest, value));
}
function hash(text, seed) {
  let h = 2166136261 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  h = Math.imul(h ^ h >>> 16, 2246822507);
  h = Math.imul(h ^ h >>> 13, 3266489909);
  return (h ^ h >>> 16) >>> 0;
}

// ../typescript/src/sender.ts
var longestWaitMs = 3e4;
var systemTimer = (ms, f) => {
  const id = setTimeout(f, ms);
  return () => clearTimeout(id);
};
function backoff(failures, firstMs, mostMs, random) {
  return Math.min(firstMs * Math.pow(2, failures), mostMs) * (1 - random() / 2);
}
function createSender(options) {
  const {
    transport,
    timeoutMs = 15e3,
    retries = 3,
    maxConcurrent = 10,
    random = Math.random,
    timer = systemTimer
  } = options;
  const waiting = [];
  let running = 0;
  return async (request, call = {}, cancellation = { cancelled: false, stop() {
  } }) => {
    const { timeoutMs: least = timeoutMs, retries: most = retries, onUpload } = call;
    const sent = { ...request, timeoutMs: least + ((request.body || "").length >> 3), onUpload };
    for (let failures = 0; ; failures++) {
      const result = await exchange(sent, cancellation, await turn());
      if (result.ok || failures >= most || !mayPass(result)) return result;
      const { retryAfterMs = 0 } = result;
      if (retryAfterMs > longestWaitMs) return result;
      await pause(retryAfterMs + backoff(failures, 300, 1e4, random), cancellation);
    }
  };
  async function turn() {
    if (running >= maxConcurrent) await new Promise((next) => waiting.push(next));
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
  async function exchange(request, cancellation, done) {
    if (cancellation.cancelled) {
      done();
      return failure("CANCELLED");
    }
    const { response, abort } = begin(request);
    const wait = (promise) => within(promise, abort, request.timeoutMs, cancellation);
    const arrived = await wait(response);
    const parts = arrived.ok && request.responseType === "stream" ? partsOf(arrived.data.body) : void 0;
    if (!arrived.ok || !parts) {
      done();
      return arrived.ok ? read(arrived.data, arrived.data.body) : arrived;
    }
    if (isStream(arrived.data)) return { ok: true, data: parts, etag: void 0 };
    const received = [];
    for (; ; ) {
      const part = await parts.next();
      if (!part.ok) return part;
      if (!part.data) return refusalOf(arrived.data, joined(received).buffer);
      received.push(part.data);
    }
    function partsOf(body) {
      const stream = typeof body === "function" ? body : wholeAsStream(body);
      return {
        async next() {
          const part = await wait(stream());
          if (!part.ok || !part.data) done();
          return part;
        },
        close() {
          abort();
          done();
        }
      };
    }
  }
  function within(promise, abort, timeoutMs2, cancellation) {
    return new Promise((resolve) => {
      const giveUp = (code) => {
        end(failure(code));
        abort();
      };
      const stopTimer = timer(timeoutMs2, () => giveUp("TIMED_OUT"));
      const end = (result) => {
        stopTimer();
        resolve(result);
      };
      cancellation.stop = () => giveUp("CANCELLED");
      promise.then(
        (data) => end({ ok: true, data, etag: void 0 }),
        (error) => end(failure("NETWORK_FAILED", String(error)))
      );
      if (cancellation.cancelled) cancellation.stop();
    });
  }
  function begin(request) {
    try {
      return transport(request);
    } catch (error) {
      return { response: Promise.reject(error), abort() {
      } };
    }
  }
  function pause(ms, cancellation) {
    if (cancellation.cancelled) return Promise.resolve();
    return new Promise((resolve) => {
      const stopTimer = timer(ms, resolve);
      cancellation.stop = () => {
        stopTimer();
        resolve();
      };
    });
  }
}
function mayPass({ problem }) {
  const { code, status } = problem;
  return ["NETWORK_FAILED", "TIMED_OUT", "BAD_ANSWER"].includes(code) || [408, 429, 503].includes(status);
}
function header({ headers }, name) {
  const key2 = Object.keys(headers).find((key3) => key3.toLowerCase() === name);
  return key2 === void 0 ? void 0 : String(headers[key2]);
}
function isStream(response) {
  return response.status === 200 && /^application\/x-ndjson/.test(header(response, "content-type") || "");
}
function refusalOf(response, body) {
  const result = read(response, body);
  return result.ok ? failure("BAD_ANSWER", `HTTP ${response.status}, no stream`, response.status) : result;
}
function wholeAsStream(body) {
  const parts = [new Uint8Array(typeof body === "string" ? encode(body) : body)];
  return () => Promise.resolve(parts.shift());
}
function read(response, body) {
  const { status } = response;
  const etag = (header(response, "etag") || "").replace(/^W\/|\.gzip(?="$)/g, "") || void 0;
  const type = header(response, "content-type") || "";
  if (status === 204) return { ok: true, data: void 0, etag };
  if (status === 304) return { ok: true, data: null, etag };
  const succeeded = status >= 200 && status < 300;
  if (succeeded && /^(image\/|application\/yaml)/.test(type)) return { ok: true, data: body, etag };
  const json = /json/.test(type) ? parse2(body) : void 0;
  if (json && succeeded) return { ok: true, data: json, etag };
  const problem = json;
  return {
    ...problem && /^ERR_/.test(problem.code) ? { ok: false, problem } : failure("BAD_ANSWER", `HTTP ${status}, ${type}`, status),
    retryAfterMs: Number(header(response, "retry-after")) * 1e3 || void 0
  };
}
function parse2(body) {
  try {
    return JSON.parse(typeof body === "string" ? body : decode(new Uint8Array(body)));
  } catch (e) {
    return void 0;
  }
}

// ../typescript/src/outbox.ts
var prefix = "onestroke.unsent.";
var mostBytes = 1e6;
var nothing = "-";
function createOutbox({ service, session, storage, random, timer }) {
  const unsettled = /* @__PURE__ */ new Map();
  const settled = /* @__PURE__ */ new Map();
  const bases = /* @__PURE__ */ new Map();
  const listeners = /* @__PURE__ */ new Set();
  let deletions = 0;
  const outbox = {
    async open(id, late) {
      const found = unsettled.get(id);
      if (found && !follow(found)) await outbox.flush(id);
      const pending = own(id);
      if (pending) {
        pending.seen = true;
        bases.set(id, pending.entry.base);
        return pending.entry.text ? { ok: true, data: read2(pending.entry), etag: void 0 } : failure("DELETED");
      }
      const base = bases.get(id);
      const result = await service.getDrawing({ id });
      const isNewest = bases.get(id) === base || result.ok && result.etag === bases.get(id);
      if (own(id) || !isNewest) return outbox.open(id, late || !isNewest);
      if (!result.ok) return result;
      if (!late) bases.set(id, result.etag);
      return { ...result, data: contentOf(result.data) };
    },
    save: (id, content2) => put(id, JSON.stringify(contentOf(content2))),
    remove(id) {
      const pending = find(id);
      if (pending && isOwn(pending) && !pending.entry.base && !pending.entry.tried.length)
        settle(id);
      else put(id, "");
    },
    resolve(id, content2) {
      const pending = own(id);
      if (pending && pending.state.status === "conflict") {
        bases.set(id, pending.theirs);
        change(pending, { base: pending.theirs, tried: [], replaceIncomplete: void 0 });
        pending.state = { id, status: "waiting" };
        pending.seen = true;
      }
      if (content2) outbox.save(id, content2);
      else outbox.remove(id);
    },
    replaceIncomplete(id) {
      const pending = own(id);
      if (!pending || pending.state.status !== "refused") return;
      change(pending, { replaceIncomplete: true });
      resume(pending);
    },
    discard(id) {
      const pending = own(id);
      if (!pending) return;
      const isConflict = pending.state.status === "conflict";
      const etag = isConflict ? pending.theirs : pending.entry.base;
      if (isConflict) pending.seen = true;
      settle(id, etag || void 0);
    },
    state(id) {
      const pending = own(id);
      return pending ? pending.state : settled.get(id);
    },
    unsent: () => Array.from(unsettled.values()).filter(isOwn).map(({ entry, state }) => ({ id: entry.id, content: entry.text ? read2(entry) : null, state })),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async flush(id) {
      look(false);
      const tried = Array.from(unsettled.values()).filter(({ entry }) => id === void 0 || entry.id === id);
      tried.forEach((pending) => retry(pending, "ERR_QUOTA_EXCEEDED", "ERR_SUSPENDED"));
      await Promise.all(tried.map(send));
    },
    forget() {
      for (const { id } of [...outbox.unsent(), ...Array.from(settled.values())]) {
        const entry = inStorage(id);
        if (entry && isOwn({ entry })) storage.remove(prefix + id);
        if (own(id) || isSaved(id) && !unsettled.has(id)) settle(id);
      }
      bases.clear();
    }
  };
  look(true);
  void outbox.flush();
  return outbox;
  function look(seen) {
    for (const key2 of storage.keys()) if (key2.startsWith(prefix)) take(key2, seen);
  }
  function take(key2, seen = false) {
    const value = storage.get(key2);
    const entry = restore(value);
    if (entry && !unsettled.has(entry.id)) unsettled.set(entry.id, begin(entry, value, seen));
  }
  function put(id, text, owner = session.user()) {
    let pending = find(id);
    const stored = inStorage(id);
    const known = pending && isSeen(pending) ? textOf(pending.value) : text;
    const isMeant = stored && isOwn({ entry: stored }) && (!text || stored.text === text || stored.text === known);
    const replacesOthers = !stored || !stored.text || isMeant || copy(stored);
    if (!pending || !(text ? isSeen(pending) : isOwn(pending))) {
      pending = begin({ id, text, base: bases.get(id) || "", tried: [], owner });
      unsettled.set(id, pending);
    }
    pending.changed = text !== "";
    pending.seen = true;
    change(pending, { text, tried: text ? pending.entry.tried : union(pending.entry.tried, nothing) }, replacesOthers);
    if (pending.state.status === "conflict")
      return report(pending, { ...pending.state, mine: text ? read2(pending.entry) : null });
    pending.failures = 0;
    resume(pending);
  }
  function copy(entry) {
    const id = idOf(entry.id + markOf(entry));
    take(prefix + id);
    const kept = unsettled.get(id);
    const text = kept ? kept.entry.text : isSaved(id) ? entry.text : "";
    if (!text) put(id, entry.text, entry.owner);
    else if (text !== entry.text) return copy({ ...entry, id });
    const copied = unsettled.get(id);
    return !copied || copied.stored;
  }
  function isSaved(id) {
    const state = settled.get(id);
    return !!state && state.status === "saved";
  }
  function find(id) {
    take(prefix + id);
    const pending = unsettled.get(id);
    const before = pending && restore(pending.value);
    if (!before || follow(pending) && !pending.changed) return pending;
    const now = inStorage(id);
    const tried = !now ? [markOf(before)] : now.text === before.text ? now.tried : [];
    pending.entry = { ...pending.entry, tried: tried.reduce(union, pending.entry.tried) };
    return pending;
  }
  function isStale(pending) {
    return !pending.changed && storage.get(prefix + pending.entry.id) !== pending.value;
  }
  function follow(pending) {
    if (!isStale(pending)) return true;
    const value = storage.get(prefix + pending.entry.id);
    const entry = restore(value);
    if (!entry) return false;
    pending.stopTimer();
    Object.assign(pending, begin(entry, value, pending.seen && entry.text === pending.entry.text));
    resume(pending);
    return true;
  }
  function inStorage(id) {
    return restore(storage.get(prefix + id));
  }
  function retry(pending, ...codes) {
    const { state } = pending;
    const isRefused = state.status === "refused" && codes.includes(state.problem.code);
    if (isOwn(pending) && (isRefused || isStale(pending))) resume(pending);
  }
  function resume(pending) {
    if (isOwn(pending)) wait(pending);
    void send(pending);
  }
  function isOwn({ entry }) {
    return entry.owner === void 0 || entry.owner === session.user();
  }
  function own(id) {
    const pending = unsettled.get(id);
    return pending && isOwn(pending) ? pending : void 0;
  }
  function isSeen(pending) {
    return pending.seen && isOwn(pending);
  }
  function send(pending) {
    if (!pending.sending) {
      pending.stopTimer();
      pending.sending = untilStuck(pending);
      pending.sending.catch(() => {
      });
    }
    return pending.sending;
  }
  async function untilStuck(pending) {
    await void 0;
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
        if (problem.code === "ERR_QUOTA_EXCEEDED" && deletions !== before) continue;
        if (isFinal(failed)) {
          if (pending.entry.text === text) report(pending, { id: pending.entry.id, status: "refused", problem });
          continue;
        }
        wait(pending, problem);
        pending.stopTimer = timer(
          retryAfterMs + backoff(pending.failures++, 2e3, 3e5, random),
          () => void send(pending)
        );
        return;
      }
    } finally {
      pending.sending = void 0;
    }
  }
  function isWaiting(pending) {
    return unsettled.get(pending.entry.id) === pending && pending.state.status === "waiting";
  }
  async function sendOnce(pending, owner) {
    const sent = pending.entry;
    const { id, base } = sent;
    if (!sent.text && !base) return compare(pending);
    change(pending, { owner, tried: union(sent.tried, markOf(sent)) });
    const result = sent.text ? await service.putDrawing(
      {
        id,
        body: read2(sent),
        replaceIncomplete: sent.replaceIncomplete,
        ...base ? { ifMatch: base } : { ifNoneMatch: "*" }
      },
      { retries: 0 }
    ) : await service.deleteDrawing({ id, ifMatch: base }, { retries: 0 });
    if (unsettled.get(id) !== pending) {
      if (result.ok && isSeen(pending)) bases.set(id, result.etag || "");
      return void 0;
    }
    if (!result.ok) return result.problem.code === "ERR_PRECONDITION_FAILED" ? compare(pending) : result;
    arrived(pending, sent.text, result.etag || "", result.data);
    return void 0;
  }
  async function takeOver(pending) {
    const { entry } = pending;
    const answer = await ask(entry.id);
    if (unsettled.get(entry.id) !== pending || pending.entry !== entry) return void 0;
    if (!answer.ok) return answer;
    if (markOf(entry) !== answer.mark) pending.seen = false;
    settle(entry.id, answer.etag || void 0);
    return void 0;
  }
  async function ask(id) {
    const result = await service.getDrawing({ id }, { retries: 0 });
    if (!result.ok)
      return result.problem.code === "ERR_NOT_FOUND" ? { ok: true, theirs: null, etag: "", mark: nothing } : result;
    const { data: theirs, etag } = result;
    return etag ? { ok: true, theirs, etag, mark: fingerprint(theirs) } : failure("BAD_ANSWER", "no ETag");
  }
  function arrived(pending, text, etag, summary) {
    const { id } = pending.entry;
    pending.failures = 0;
    if (pending.entry.text !== text) change(pending, { base: etag, tried: [], replaceIncomplete: void 0 });
    else settle(id, text ? etag : void 0, summary);
  }
  async function compare(pending) {
    const { id } = pending.entry;
    if (!isOwn(pending)) return void 0;
    const answer = await ask(id);
    if (unsettled.get(id) !== pending || isStale(pending)) return void 0;
    if (!answer.ok) return answer;
    const { entry } = pending;
    const { theirs, etag, mark } = answer;
    const deletesUnseen = !entry.text && !entry.base && entry.tried[0] === nothing;
    if (mark === markOf(entry)) arrived(pending, entry.text, etag);
    else if (etag === entry.base) return failure("BAD_ANSWER");
    else if (deletesUnseen || entry.tried.includes(mark)) change(pending, { base: etag, tried: [] });
    else {
      pending.theirs = etag;
      report(pending, { id, status: "conflict", mine: entry.text ? read2(entry) : null, theirs });
    }
    return void 0;
  }
  function begin(entry, value, seen = false) {
    const state = { id: entry.id, status: "waiting" };
    return { entry, state, value, stored: true, changed: false, seen, theirs: "", failures: 0, stopTimer() {
    } };
  }
  function change(pending, changes, replacesOthers = false) {
    pending.entry = { ...pending.entry, ...changes };
    const { text, ...rest } = pending.entry;
    const value = JSON.stringify(rest) + "\n" + text;
    const key2 = prefix + rest.id;
    const now = storage.get(key2);
    const isKnown = now === void 0 || textOf(now) === textOf(pending.value);
    if ((replacesOthers || isKnown) && store(key2, value)) {
      pending.value = value;
      pending.stored = true;
    } else {
      pending.stored = textOf(now) === text;
    }
  }
  function store(key2, value) {
    try {
      if (bytes(value) > mostBytes) return false;
      storage.set(key2, value);
      return true;
    } catch (e) {
      return false;
    }
  }
  function settle(id, etag, summary) {
    const pending = unsettled.get(id);
    if (pending) {
      pending.stopTimer();
      unsettled.delete(id);
      const value = storage.get(prefix + id);
      if (value === pending.value || textOf(value) === pending.entry.text) storage.remove(prefix + id);
    }
    if (!pending || isSeen(pending)) bases.set(id, etag || "");
    const state = etag === void 0 ? { id, status: "deleted" } : { id, status: "saved", etag, summary };
    settled.set(id, state);
    notify(state);
    if (etag !== void 0) return;
    deletions++;
    Array.from(unsettled.values()).forEach((other) => retry(other, "ERR_QUOTA_EXCEEDED"));
  }
  function wait(pending, problem) {
    const { id } = pending.entry;
    report(pending, { id, status: "waiting", problem: pending.stored ? problem : failure("NOT_STORED").problem });
  }
  function report(pending, state) {
    pending.state = state;
    notify(state);
  }
  function notify(state) {
    listeners.forEach((listener) => listener(state));
  }
}
function isFinal(failed) {
  const { status } = failed.problem;
  return !mayPass(failed) && status >= 400 && status < 500 && status !== 401;
}
function union(marks, mark) {
  return marks.includes(mark) ? marks : marks.concat(mark);
}
function markOf(entry) {
  return entry.text ? fingerprint(read2(entry)) : nothing;
}
function read2({ text }) {
  return JSON.parse(text);
}
function restore(value) {
  try {
    const [head, text] = value.split("\n");
    return { ...JSON.parse(head), text };
  } catch (e) {
    return void 0;
  }
}
function textOf(value) {
  const entry = restore(value);
  return entry && entry.text;
}
function bytes(text) {
  return encodeURIComponent(text).replace(/%../g, " ").length;
}

// ../typescript/src/session.ts
var key = "onestroke.session";
function createSession({ baseUrl, login, storage, timeoutMs = 15e3, timer = systemTimer, loggedIn = () => {
} }, send) {
  let known = restore2(storage.get(key));
  let opening;
  let out = false;
  let logouts = 0;
  const session = {
    async send(request, options, cancellation) {
      const opened = await session.open();
      if (!opened.ok) return opened;
      const { token, user } = opened.data;
      const result = await send(withToken(request, token), options, cancellation);
      if (!hasEnded(result) || known.user !== user) return result;
      session.drop(token);
      const renewed = await session.open();
      if (!renewed.ok) return renewed;
      return renewed.data.user === user ? send(withToken(request, renewed.data.token), options, cancellation) : result;
    },
    open() {
      const { token, user } = known;
      if (token && user) return Promise.resolve({ ok: true, data: { token, user }, etag: void 0 });
      if (!opening) {
        const login2 = opening = renew();
        const done = () => {
          if (opening === login2) opening = void 0;
        };
        login2.then(done, done);
      }
      return opening;
    },
    logIn: (login2, options) => logIn(login2, logouts, options),
    async logOut(request, options) {
      const { token } = known;
      logouts++;
      opening = void 0;
      session.forget();
      out = true;
      if (!token) return { ok: true, data: void 0, etag: void 0 };
      const result = await send(withToken(request, token), options);
      return hasEnded(result) ? { ok: true, data: void 0, etag: void 0 } : result;
    },
    drop(token) {
      if (known.token === token) keep({ user: known.user });
    },
    forget() {
      keep({});
    },
    user: () => known.user,
    loggedOut: () => out
  };
  return session;
  async function renew() {
    const begun = logouts;
    for (let tries = 1; ; tries++) {
      const asked = await ask();
      if ("ok" in asked) return asked;
      const result = await logIn(asked, begun);
      if (result.ok) {
        const { token, user } = result.data;
        return { ok: true, data: { token, user: user.id }, etag: void 0 };
      }
      if (tries === 2 || result.problem.code !== "ERR_SESSION_KEY_EXCHANGE_FAILED" || result.problem.status !== 401)
        return result;
    }
  }
  async function logIn(login2, begun, options) {
    if (begun !== logouts) return failure("LOGIN_FAILED", "logged out");
    const url = baseUrl + "/v1/session";
    const body = JSON.stringify(login2);
    const headers = { "Content-Type": "application/json" };
    const result = await send(
      { method: "POST", url, headers, body, responseType: "text" },
      options
    );
    if (!result.ok) return result;
    const { token, user } = result.data;
    if (begun !== logouts) {
      void send(withToken({ method: "DELETE", url, headers: {}, responseType: "text" }, token));
      return failure("LOGIN_FAILED", "logged out");
    }
    out = false;
    keep({ token, user: user.id });
    loggedIn();
    return result;
  }
  function ask() {
    return new Promise((resolve) => {
      const failed = (error) => resolve(failure("LOGIN_FAILED", String(error)));
      const stopTimer = timer(timeoutMs, () => failed(`no code after ${timeoutMs} ms`));
      const given = (code) => {
        const asked = typeof code === "string" ? { code } : code;
        if (asked && asked.code) resolve(asked);
        else failed("no code");
      };
      Promise.resolve().then(login).then(given, failed).then(stopTimer);
    });
  }
  function keep(credential) {
    known = credential;
    try {
      if (known.user) storage.set(key, JSON.stringify(known));
      else storage.remove(key);
    } catch (e) {
    }
  }
}
function hasEnded(result) {
  const reason = result.ok ? sessionFailure(result.data) : result.problem.code;
  return reason === "ERR_SESSION_EXPIRED" || reason === "ERR_LOGIN_REQUIRED";
}
function sessionFailure(body) {
  const answer = body || {};
  return answer["F2C224D4-2BCE-4C64-AF9F-A6D872000D1A"] ? answer.reason || "" : void 0;
}
function withToken(request, token) {
  return { ...request, headers: { ...request.headers, Authorization: `Bearer ${token}` } };
}
function restore2(text) {
  try {
    return JSON.parse(text || "{}");
  } catch (e) {
    return {};
  }
}

// ../typescript/src/storage.ts
function wxStorage(wx) {
  return {
    get: (key2) => wx.getStorageSync(key2) || void 0,
    // '' where there is nothing
    set: (key2, value) => wx.setStorageSync(key2, value),
    remove: (key2) => wx.removeStorageSync(key2),
    keys: () => wx.getStorageInfoSync().keys
  };
}
function webStorage(storage) {
  return {
    get: (key2) => storage.getItem(key2) || void 0,
    set: (key2, value) => storage.setItem(key2, value),
    remove: (key2) => storage.removeItem(key2),
    keys: () => Array.from({ length: storage.length }, (_, i) => storage.key(i))
  };
}
function memoryStorage() {
  const values = /* @__PURE__ */ new Map();
  return {
    get: (key2) => values.get(key2),
    set: (key2, value) => void values.set(key2, value),
    remove: (key2) => void values.delete(key2),
    keys: () => Array.from(values.keys())
  };
}

// ../typescript/src/client.ts
function createClient(options) {
  const { storage = memoryStorage(), random = Math.random, timer = systemTimer } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const send = createSender(options);
  const session = createSession({ ...options, baseUrl, storage, loggedIn: () => void outbox.flush() }, send);
  const operations = {};
  for (const id of Object.keys(routes)) {
    operations[id] = (args, options2) => cancellable((cancellation) => run(id, args, options2, cancellation), options2);
  }
  operations.exportDrawings = exportDrawings;
  const client = operations;
  const outbox = createOutbox({ service: client, session, storage, random, timer });
  client.drawings = outbox;
  client.token = async () => {
    const opened = await session.open();
    return opened.ok ? { ok: true, data: opened.data.token, etag: void 0 } : opened;
  };
  return client;
  async function run(id, args, options2, cancellation) {
    const route = routes[id];
    const request = requestOf(baseUrl, route, args);
    if (id === "logIn") return session.logIn(args.body, options2);
    if (id === "logOut") return session.logOut(request, options2);
    const result = await (route[2] === "open" ? send : session.send)(request, options2, cancellation);
    if (id === "deleteAccount" && result.ok) {
      outbox.forget();
      session.forget();
    }
    return result;
  }
  async function* exportDrawings(args, options2 = {}) {
    const cancellation = newCancellation();
    const unlink = onAbort(options2, () => cancel(cancellation));
    try {
      const request = requestOf(baseUrl, routes.exportDrawings, args);
      const opened = await session.send({ ...request, responseType: "stream" }, options2, cancellation);
      if (opened.ok) yield* jsonLines(opened.data);
      else yield opened;
    } finally {
      unlink();
    }
  }
}
function cancellable(run, options = {}) {
  const cancellation = newCancellation();
  let end = () => {
  };
  const call = new Promise((resolve) => {
    end = () => {
      cancel(cancellation);
      resolve(failure("CANCELLED"));
    };
    run(cancellation).then(resolve, (error) => resolve(failure("NETWORK_FAILED", String(error))));
  });
  const unlink = onAbort(options, end);
  void call.then(unlink);
  return Object.assign(call, { cancel: end });
}
function newCancellation() {
  return { cancelled: false, stop() {
  } };
}
function cancel(cancellation) {
  cancellation.cancelled = true;
  cancellation.stop();
}
function onAbort({ signal }, f) {
  if (!signal) return () => {
  };
  if (signal.aborted) f();
  else signal.addEventListener("abort", f);
  return () => signal.removeEventListener("abort", f);
}

// ../typescript/src/pages.ts
async function* pages(list, args, options) {
  for (let cursor, more = true; more; more = cursor !== void 0) {
    const page = await list(cursor === void 0 ? args : { ...args, cursor }, options);
    cursor = page.ok ? page.data.nextCursor : void 0;
    yield page;
  }
}

// ../typescript/src/transport.ts
function wxTransport(wx) {
  return ({ method, url, headers, body, responseType, timeoutMs }) => {
    const stream = responseType === "stream";
    let abort = () => {
    };
    const response = new Promise((resolve, reject) => {
      const parts = createQueue();
      const task = wx.request({
        method,
        url,
        header: headers,
        ...body === void 0 ? {} : { data: body },
        responseType: responseType === "text" ? "text" : "arraybuffer",
        dataType: "other",
        // otherwise wx.request parses the body if it looks like JSON
        ...stream ? { enableChunked: true } : {},
        timeout: stream ? longestStreamMs : timeoutMs + 1e3,
        // the client's own time-out comes first, and reports TIMED_OUT
        success: ({ statusCode, header: header2, data }) => {
          if (stream && !parts.used() && data instanceof ArrayBuffer) parts.add(data);
          parts.end();
          resolve({ status: statusCode, headers: header2, body: stream ? parts.next : data });
        },
        fail: ({ errMsg }) => {
          parts.fail(new Error(errMsg));
          reject(new Error(errMsg));
        }
      });
      abort = () => task.abort();
      if (!stream || !task.onChunkReceived || !task.onHeadersReceived) return;
      task.onChunkReceived(({ data }) => parts.add(data));
      task.onHeadersReceived(({ statusCode, header: header2 }) => {
        if (statusCode) resolve({ status: statusCode, headers: header2, body: parts.next });
      });
    });
    return { response, abort: () => abort() };
  };
}
var longestStreamMs = 60 * 60 * 1e3;
function createQueue() {
  const parts = [];
  let over;
  let used = false;
  let wake = () => {
  };
  const end = (how) => {
    over = over || how;
    wake();
  };
  return {
    used: () => used,
    add(part) {
      used = true;
      parts.push(new Uint8Array(part));
      wake();
    },
    end: () => end(() => Promise.resolve(void 0)),
    fail: (error) => end(() => Promise.reject(error)),
    async next() {
      while (!parts.length) {
        if (over) return over();
        await new Promise((resolve) => wake = resolve);
      }
      return parts.shift();
    }
  };
}
var longestCloudText = 100 * 1024;
function cloudTransport(cloud, { env, service }) {
  return ({ method, url, headers, body, responseType, timeoutMs }) => ({
    response: new Promise((resolve, reject) => {
      const bytes2 = encode(body || "");
      cloud.callContainer({
        config: { env },
        path: url,
        method,
        header: { ...headers, "X-WX-SERVICE": service },
        ...body === void 0 ? {} : { data: bytes2.byteLength > longestCloudText ? bytes2 : body },
        responseType: responseType === "text" ? "text" : "arraybuffer",
        dataType: "other",
        timeout: timeoutMs + 1e3,
        success: ({ statusCode, header: header2, data }) => resolve({ status: statusCode, headers: header2, body: data }),
        fail: ({ errMsg }) => reject(new Error(errMsg))
      });
    }),
    abort() {
    }
    // callContainer cannot be stopped: the answer is ignored
  });
}
function fetchTransport(fetch) {
  return ({ method, url, headers, body, responseType }) => {
    const controller = new AbortController();
    const init = { method, headers, body, credentials: "omit", signal: controller.signal };
    const response = fetch(url, init).then(async (answer) => {
      const names = {};
      answer.headers.forEach((value, name) => names[name] = value);
      const reader = responseType === "stream" && answer.body ? answer.body.getReader() : void 0;
      return {
        status: answer.status,
        headers: names,
        body: reader ? async () => (await reader.read()).value : await (responseType === "text" ? answer.text() : answer.arrayBuffer())
      };
    });
    return { response, abort: () => controller.abort() };
  };
}
function xhrTransport(XMLHttpRequest) {
  return ({ method, url, headers, body, responseType, onUpload }) => {
    const xhr = new XMLHttpRequest();
    const response = new Promise((resolve, reject) => {
      xhr.open(method, url);
      for (const name of Object.keys(headers)) xhr.setRequestHeader(name, headers[name]);
      xhr.responseType = responseType === "text" ? "text" : "arraybuffer";
      if (onUpload) xhr.upload.onprogress = ({ loaded, total }) => onUpload(loaded, total);
      xhr.onload = () => {
        const names = {};
        for (const line of xhr.getAllResponseHeaders().trim().split(/\r?\n/)) {
          const [name, ...value] = line.split(": ");
          names[name] = value.join(": ");
        }
        resolve({ status: xhr.status, headers: names, body: xhr.response });
      };
      xhr.onerror = () => reject(new Error("the connection failed"));
      xhr.send(body);
    });
    return { response, abort: () => xhr.abort() };
  };
}

// ../typescript/src/wx.ts
function wxLogin(wx) {
  return () => new Promise((resolve, reject) => {
    wx.login({ success: ({ code }) => resolve(code), fail: ({ errMsg }) => reject(new Error(errMsg)) });
  });
}
