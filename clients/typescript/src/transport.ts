import { encode } from './utf8.js';
import type { Cloud, Wx } from './wx.js';

/** One HTTP request, as every runtime can send it. */
export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
  /** The type of the response's body. A transport that cannot stream gives an `ArrayBuffer` for `stream`. */
  responseType: 'text' | 'arraybuffer' | 'stream';
  /** The client calls `abort` after this time, in milliseconds. */
  timeoutMs: number;
  /** A transport that knows how much of the body is sent calls it, in bytes. */
  onUpload?: Progress | undefined;
}

/** Called with the number of bytes that are sent, and of all bytes. */
export type Progress = (sent: number, total: number) => void;

/** A response of any status. The case of header names does not matter. */
export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  body: string | ArrayBuffer | HttpStream;
}

/**
 * Gives the next part of a body, or undefined at its end, and is called again after that. Rejected if the connection
 * breaks.
 */
export type HttpStream = () => Promise<Uint8Array | undefined>;

/**
 * A request that was sent. `response` is rejected if there is none: then the request may have arrived, or not.
 */
export interface HttpExchange {
  response: Promise<HttpResponse>;
  /** Gives the response up, or what has not arrived of it. */
  abort(): void;
}

/** Sends one request, once. The client does retries, time-outs and logins. */
export type Transport = (request: HttpRequest) => HttpExchange;

/** A transport for mini programs; pass the global `wx`. It streams from base library 2.20.2. */
export function wxTransport(wx: Pick<Wx, 'request'>): Transport {
  return ({ method, url, headers, body, responseType, timeoutMs }) => {
    const stream = responseType === 'stream';
    let abort = () => {};
    const response = new Promise<HttpResponse>((resolve, reject) => {
      const parts = createQueue();
      const task = wx.request({
        method,
        url,
        header: headers,
        ...(body === undefined ? {} : { data: body }),
        responseType: responseType === 'text' ? 'text' : 'arraybuffer',
        dataType: 'other', // otherwise wx.request parses the body if it looks like JSON
        ...(stream ? { enableChunked: true } : {}),
        timeout: stream ? longestStreamMs : timeoutMs + 1000, // the client's own time-out comes first, and reports TIMED_OUT
        success: ({ statusCode, header, data }) => {
          // Without chunks, as in an old base library, the body is here as a whole.
          if (stream && !parts.used() && data instanceof ArrayBuffer) parts.add(data);
          parts.end();
          resolve({ status: statusCode, headers: header, body: stream ? parts.next : (data as string | ArrayBuffer) });
        },
        fail: ({ errMsg }) => {
          parts.fail(new Error(errMsg));
          reject(new Error(errMsg));
        },
      });
      abort = () => task.abort();
      if (!stream || !task.onChunkReceived || !task.onHeadersReceived) return;
      task.onChunkReceived(({ data }) => parts.add(data));
      task.onHeadersReceived(({ statusCode, header }) => {
        // The developer tool leaves the status out: there the response is complete with `success`.
        if (statusCode) resolve({ status: statusCode, headers: header, body: parts.next });
      });
    });
    return { response, abort: () => abort() };
  };
}

/** The time in which a stream must end in a mini program. It bounds each of its parts itself. */
const longestStreamMs = 60 * 60 * 1000;

/** Parts that wait until they are asked for. */
function createQueue() {
  const parts: Uint8Array[] = [];
  let over: (() => Promise<undefined>) | undefined;
  let used = false;
  let wake = () => {};
  const end = (how: () => Promise<undefined>) => {
    over = over || how;
    wake();
  };
  return {
    used: () => used,
    add(part: ArrayBuffer) {
      used = true;
      parts.push(new Uint8Array(part));
      wake();
    },
    end: () => end(() => Promise.resolve(undefined)),
    fail: (error: Error) => end(() => Promise.reject(error)),
    async next(): Promise<Uint8Array | undefined> {
      while (!parts.length) {
        if (over) return over();
        await new Promise<void>(resolve => (wake = resolve));
      }
      return parts.shift();
    },
  };
}

/** Where a service runs in WeChat Cloud Run: the id of the environment, and the name of the service. */
export interface CloudService {
  env: string;
  service: string;
}

/** The longest text that `callContainer` sends. */
const longestCloudText = 100 * 1024;

/**
 * A transport for services in WeChat Cloud Run; pass `wx.cloud`, after `wx.cloud.init()`. The client's `baseUrl` is
 * then `''`. A body that is too long as text is sent as bytes, of which 20 MiB are allowed. Answers must be smaller than
 * 1,000 KiB, and come as a whole.
 */
export function cloudTransport(cloud: Cloud, { env, service }: CloudService): Transport {
  return ({ method, url, headers, body, responseType, timeoutMs }) => ({
    response: new Promise((resolve, reject) => {
      const bytes = encode(body || '');
      cloud.callContainer({
        config: { env },
        path: url,
        method,
        header: { ...headers, 'X-WX-SERVICE': service },
        ...(body === undefined ? {} : { data: bytes.byteLength > longestCloudText ? bytes : body }),
        responseType: responseType === 'text' ? 'text' : 'arraybuffer',
        dataType: 'other',
        timeout: timeoutMs + 1000,
        success: ({ statusCode, header, data }) =>
          resolve({ status: statusCode, headers: header, body: data as string | ArrayBuffer }),
        fail: ({ errMsg }) => reject(new Error(errMsg)),
      });
    }),
    abort() {}, // callContainer cannot be stopped: the answer is ignored
  });
}

/** The part of `fetch` that is used. */
export type Fetch = (
  url: string,
  init: object,
) => Promise<{
  status: number;
  headers: { forEach(each: (value: string, name: string) => void): void };
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
  body: { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> } } | null;
}>;

// Declared here, as the types of a browser are not used: a mini program does not have it.
declare const AbortController: { new (): { signal: object; abort(): void } };

/** A transport for browsers and Node; pass the global `fetch`. */
export function fetchTransport(fetch: Fetch): Transport {
  return ({ method, url, headers, body, responseType }) => {
    const controller = new AbortController();
    const init = { method, headers, body, credentials: 'omit', signal: controller.signal };
    const response = fetch(url, init).then(async answer => {
      const names: Record<string, string> = {};
      answer.headers.forEach((value, name) => (names[name] = value));
      const reader = responseType === 'stream' && answer.body ? answer.body.getReader() : undefined;
      return {
        status: answer.status,
        headers: names,
        body: reader
          ? async () => (await reader.read()).value
          : await (responseType === 'text' ? answer.text() : answer.arrayBuffer()),
      };
    });
    return { response, abort: () => controller.abort() };
  };
}

/** The part of `XMLHttpRequest` that is used. */
export interface Xhr {
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  send(body?: string): void;
  abort(): void;
  getAllResponseHeaders(): string;
  responseType: string;
  readonly response: unknown;
  readonly status: number;
  readonly upload: { onprogress: ((event: { loaded: number; total: number }) => void) | null };
  onload: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

/** A transport for browsers that reports the progress of uploads; pass `XMLHttpRequest`. It does not stream. */
export function xhrTransport(XMLHttpRequest: { new (): Xhr }): Transport {
  return ({ method, url, headers, body, responseType, onUpload }) => {
    const xhr = new XMLHttpRequest();
    const response = new Promise<HttpResponse>((resolve, reject) => {
      xhr.open(method, url);
      for (const name of Object.keys(headers)) xhr.setRequestHeader(name, headers[name]!);
      xhr.responseType = responseType === 'text' ? 'text' : 'arraybuffer';
      if (onUpload) xhr.upload.onprogress = ({ loaded, total }) => onUpload(loaded, total);
      xhr.onload = () => {
        const names: Record<string, string> = {};
        for (const line of xhr.getAllResponseHeaders().trim().split(/\r?\n/)) {
          const [name, ...value] = line.split(': ');
          names[name!] = value.join(': ');
        }
        resolve({ status: xhr.status, headers: names, body: xhr.response as string | ArrayBuffer });
      };
      xhr.onerror = () => reject(new Error('the connection failed'));
      xhr.send(body);
    });
    return { response, abort: () => xhr.abort() };
  };
}
