import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Wx2017 } from '../../src/2017.ts';
import type { WxAnswer, WxRequest, WxTask } from '../../src/wx.ts';
import type { Phone } from './binary.ts';

const methods = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT'];

/** A mini program's `wx`, keeping its rules: ten requests at once, no PATCH, 1 MB a key, `success` for every status. */
export class FakeWx implements Wx2017 {
  readonly stored = new Map<string, string>();
  /** The most requests that were ever under way at once. */
  most = 0;
  logins = 0;
  /** How many requests are under way. */
  running = 0;

  constructor(private readonly phone: () => Promise<Phone>) {}

  private last: Phone | undefined;

  readonly login: Wx2017['login'] = ({ success, fail }) => {
    this.logins++;
    this.phone().then(
      phone => success({ code: (this.last = phone).code }),
      () => fail({ errMsg: 'login:fail' }),
    );
  };

  readonly getUserInfo: NonNullable<Wx2017['getUserInfo']> = ({ success, fail }) => {
    setImmediate(() => (this.last ? success(this.last) : fail()));
  };

  readonly request = (options: WxRequest): WxTask => {
    const {
      url,
      method = 'GET',
      header = {},
      data,
      dataType = 'json',
      responseType = 'text',
      enableChunked = false,
      timeout = 60_000,
    } = options;
    const fail = (why: string) => options.fail?.({ errMsg: `request:fail ${why}` });
    if (!methods.includes(method)) {
      setImmediate(fail, 'invalid method');
      return { abort() {} };
    }
    if (this.running >= 10) {
      setImmediate(fail, 'exceed max request limit 10');
      return { abort() {} };
    }
    this.most = Math.max(this.most, ++this.running);
    let over = false;
    const end = () => {
      if (!over) this.running--;
      over = true;
    };
    let why = '';
    const sent = httpRequest(url, {
      method,
      timeout,
      agent: false,
      headers: {
        'content-type': 'application/json',
        referer: 'https://servicewechat.com/wx/0/page-frame.html',
        ...header,
      },
    });
    sent.on('timeout', () => sent.destroy(new Error((why = 'timeout'))));
    sent.on('close', end);
    sent.on('error', error => fail(why || error.message));
    let headersReceived: Parameters<NonNullable<WxTask['onHeadersReceived']>>[0] = () => {};
    let chunkReceived: Parameters<NonNullable<WxTask['onChunkReceived']>>[0] = () => {};
    sent.on('response', response => {
      const parts: Buffer[] = [];
      if (enableChunked) headersReceived({ statusCode: response.statusCode!, header: namesOf(response) });
      response.on('data', (part: Buffer) => {
        if (enableChunked) chunkReceived({ data: new Uint8Array(part).buffer });
        else parts.push(part);
      });
      response.on('error', error => fail(why || error.message));
      response.on('end', () => {
        end();
        options.success?.({
          statusCode: response.statusCode!,
          header: namesOf(response),
          data: read(Buffer.concat(parts), dataType, responseType),
        });
      });
    });
    sent.end(typeof data === 'string' ? data : data && JSON.stringify(data));
    return {
      onHeadersReceived: listener => void (headersReceived = listener),
      onChunkReceived: listener => void (chunkReceived = listener),
      abort() {
        why = 'abort';
        sent.destroy(new Error(why));
      },
    };
  };

  getStorageSync(key: string): string {
    return this.stored.get(key) ?? '';
  }

  setStorageSync(key: string, value: string): void {
    if (Buffer.byteLength(value) > 1024 * 1024) throw new Error('setStorageSync:fail entry size limit reached');
    this.stored.set(key, value);
  }

  removeStorageSync(key: string): void {
    this.stored.delete(key);
  }

  getStorageInfoSync(): { keys: string[] } {
    return { keys: Array.from(this.stored.keys()) };
  }
}

function namesOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const names: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) names[rawHeaders[i]!] = rawHeaders[i + 1]!;
  return names;
}

function read(body: Buffer, dataType: string, responseType: string): WxAnswer['data'] {
  if (responseType === 'arraybuffer') return new Uint8Array(body).buffer;
  const text = body.toString('utf8');
  if (dataType !== 'json') return text;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return text;
  }
}
