import type { Wx } from './wx.js';

/** One HTTP request, as every runtime can send it. */
export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** As what the body of the answer is wanted. */
  responseType: 'text' | 'arraybuffer';
  /** After so many milliseconds the client calls `abort`. */
  timeoutMs: number;
}

/** The answer to a request, whatever its status. The case of header names does not matter. */
export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  body: string | ArrayBuffer;
}

/**
 * A request on its way. `response` is rejected when no answer came: nobody knows
 * then whether the request arrived.
 */
export interface HttpExchange {
  response: Promise<HttpResponse>;
  /** Nobody waits for the answer any more. */
  abort(): void;
}

/** Sends one request, once. Retries, time-outs and logins are not its business. */
export type Transport = (request: HttpRequest) => HttpExchange;

/** A transport for mini programs; pass the global `wx`. */
export function wxTransport(wx: Pick<Wx, 'request'>): Transport {
  return ({ method, url, headers, body, responseType, timeoutMs }) => {
    let abort = () => {};
    const response = new Promise<HttpResponse>((resolve, reject) => {
      const task = wx.request({
        method,
        url,
        header: headers,
        data: body,
        responseType,
        dataType: 'other', // or wx.request parses what it takes for JSON
        timeout: timeoutMs + 1000, // the client's own time-out comes first, and knows what it was
        success: ({ statusCode, header, data }) =>
          resolve({ status: statusCode, headers: header, body: data as string | ArrayBuffer }),
        fail: ({ errMsg }) => reject(new Error(errMsg)),
      });
      abort = () => task.abort();
    });
    return { response, abort: () => abort() };
  };
}

/** What is used of `fetch`. */
export type Fetch = (
  url: string,
  init: object,
) => Promise<{
  status: number;
  headers: { forEach(each: (value: string, name: string) => void): void };
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}>;

// Not in the language: a mini program has none.
declare const AbortController: { new (): { signal: object; abort(): void } };

/** A transport for browsers and Node; pass the global `fetch`. */
export function fetchTransport(fetch: Fetch): Transport {
  return ({ method, url, headers, body, responseType }) => {
    const controller = new AbortController();
    const response = fetch(url, { method, headers, body, credentials: 'omit', signal: controller.signal }).then(
      async answer => {
        const names: Record<string, string> = {};
        answer.headers.forEach((value, name) => (names[name] = value));
        return {
          status: answer.status,
          headers: names,
          body: await (responseType === 'text' ? answer.text() : answer.arrayBuffer()),
        };
      },
    );
    return { response, abort: () => controller.abort() };
  };
}
