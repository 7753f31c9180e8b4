import type { Wx } from './wx.js';

/** One HTTP request, as every runtime can send it. */
export interface HttpRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** The type of the response's body. */
  responseType: 'text' | 'arraybuffer';
  /** The client calls `abort` after this time, in milliseconds. */
  timeoutMs: number;
}

/** A response of any status. The case of header names does not matter. */
export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  body: string | ArrayBuffer;
}

/**
 * A request that was sent. `response` is rejected if there is none: then the request may have arrived, or not.
 */
export interface HttpExchange {
  response: Promise<HttpResponse>;
  /** Gives the response up. */
  abort(): void;
}

/** Sends one request, once. The client does retries, time-outs and logins. */
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
        dataType: 'other', // otherwise wx.request parses the body if it looks like JSON
        timeout: timeoutMs + 1000, // the client's own time-out comes first, and reports TIMED_OUT
        success: ({ statusCode, header, data }) =>
          resolve({ status: statusCode, headers: header, body: data as string | ArrayBuffer }),
        fail: ({ errMsg }) => reject(new Error(errMsg)),
      });
      abort = () => task.abort();
    });
    return { response, abort: () => abort() };
  };
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
}>;

// Declared here, as the types of a browser are not used: a mini program does not have it.
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
