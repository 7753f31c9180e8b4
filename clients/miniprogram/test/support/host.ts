import { request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { Binary } from '../../../typescript/test/support/binary.ts';
import type { Host } from './wx.ts';

/** Where the mini program of these tests believes the service to be. */
export const domain = 'https://draw.example.com';

/** The network and account of a phone. */
export class Network implements Host {
  /** Without it, no request arrives. */
  connected = true;
  /** Method and path of each request that arrived. */
  readonly arrived: string[] = [];
  private readonly held = new Map<string, { answered(): void; released: Promise<void> }>();

  constructor(
    private readonly service: Binary,
    private readonly user?: string,
    /** Whose simulator stands in for WeChat. */
    private readonly wechat = service,
  ) {}

  readonly request: Host['request'] = ({ url, method, headers, body }) =>
    new Promise((resolve, reject) => {
      if (!this.connected) return reject(new Error('net::ERR_INTERNET_DISCONNECTED'));
      const { pathname, search } = new URL(url);
      this.arrived.push(`${method} ${pathname}`);
      const sent = request(this.service.baseUrl + pathname + search, { method, headers, agent: false });
      sent.on('error', reject);
      sent.on('response', response => {
        const parts: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const { rawHeaders } = response;
          const names = Object.fromEntries(
            rawHeaders.flatMap((name, i) => (i % 2 ? [] : [[name, rawHeaders[i + 1]!]])),
          );
          const base64 = Buffer.concat(parts).toString('base64');
          const answer = { status: response.statusCode!, headers: names, base64 };
          const held = this.held.get(`${method} ${pathname}`);
          held?.answered();
          void Promise.resolve(held?.released).then(() => resolve(answer));
        });
      });
      sent.end(body);
    });

  /**
   * Keeps back the answers to one kind of request, such as `GET /v1/profile`. What it gives waits for the first of them,
   * does what happens meanwhile, lets them go, and waits until the program has them.
   */
  hold(kind: string): (meanwhile?: () => Promise<unknown>) => Promise<void> {
    let [answered, release] = [() => {}, () => {}];
    const first = new Promise<void>(resolve => (answered = resolve));
    const released = new Promise<void>(resolve => (release = resolve));
    this.held.set(kind, { answered, released });
    return async meanwhile => {
      await first;
      await meanwhile?.();
      this.held.delete(kind);
      release();
      await setImmediate();
    };
  }

  readonly upload: Host['upload'] = async ({ url, headers, name, base64 }) => {
    if (!this.connected) throw new Error('net::ERR_INTERNET_DISCONNECTED');
    const { pathname } = new URL(url);
    this.arrived.push(`POST ${pathname}`);
    const body = new FormData();
    body.append(name, new Blob([Buffer.from(base64, 'base64')]), 'tmp_avatar.png');
    const answer = await fetch(this.service.baseUrl + pathname, { method: 'POST', headers, body });
    return { status: answer.status, body: await answer.text() };
  };

  /** How often the program logged in with WeChat. */
  logins = 0;

  readonly login: Host['login'] = async () => {
    this.logins++;
    if (!this.user) throw new Error('this phone has no account');
    const { code } = await this.wechat.phone(this.user);
    return { code };
  };
}
