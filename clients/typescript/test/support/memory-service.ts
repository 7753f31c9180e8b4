import type { Drawing, DrawingContent, HttpExchange, HttpRequest, HttpResponse, Transport } from '../../src/index.ts';

/** The part of the service that the client's rules rest on, in memory: sessions by token, drawings by id. */
export class MemoryService {
  readonly drawings = new Map<string, { content: DrawingContent; etag: string; replaced: string }>();
  readonly tokens = new Map<string, string>();
  readonly requests: HttpRequest[] = [];
  private changes = 0;
  private logins = new Map<string, string>();

  /** Answers at once, in order. */
  readonly transport: Transport = request => exchangeOf(Promise.resolve().then(() => this.answer(request)));

  answer(request: HttpRequest): HttpResponse {
    this.requests.push(request);
    const { method, headers } = request;
    const path = request.url.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*/, '');
    const body = request.body === undefined ? undefined : (JSON.parse(request.body) as unknown);
    if (path === '/v1/session' && method === 'POST') return this.logIn((body as { code: string }).code);
    const user = this.tokens.get((headers['Authorization'] ?? '').replace('Bearer ', ''));
    if (user === undefined) return problem(401, 'ERR_SESSION_EXPIRED');
    if (path === '/v1/session') {
      if (method === 'GET') return json(200, { user: { id: user } });
      this.tokens.delete(headers['Authorization']!.replace('Bearer ', ''));
      return empty;
    }
    const id = path.replace('/v1/drawings/', '');
    const held = this.drawings.get(id);
    switch (method) {
      case 'GET':
        return held ? json(200, whole(id, held.content), held.etag) : problem(404, 'ERR_NOT_FOUND');
      case 'DELETE':
        if (held && headers['If-Match'] && headers['If-Match'] !== held.etag)
          return problem(412, 'ERR_PRECONDITION_FAILED');
        this.drawings.delete(id);
        return empty;
    }
    const content = body as DrawingContent;
    const expected = headers['If-Match'] ?? '';
    if (held && held.replaced === expected && same(held.content, content))
      return json(200, whole(id, content), held.etag); // the repeat of the last write
    if (expected !== (held?.etag ?? '')) return problem(412, 'ERR_PRECONDITION_FAILED');
    return json(held ? 200 : 201, whole(id, content), this.write(id, content, expected));
  }

  /** Writes as another device does, and returns the new entity tag. */
  write(id: string, content: DrawingContent, replaced = '?'): string {
    const etag = `"${++this.changes}"`;
    this.drawings.set(id, { content, etag, replaced });
    return etag;
  }

  titles(): Record<string, string | undefined> {
    return Object.fromEntries(Array.from(this.drawings, ([id, { content }]) => [id, content.title] as const).sort());
  }

  sent(method: string, path: RegExp): HttpRequest[] {
    return this.requests.filter(request => request.method === method && path.test(request.url));
  }

  /** A code is `user` and anything after a colon; the same code gets the same token. */
  private logIn(code: string): HttpResponse {
    const user = code.split(':')[0]!;
    if (user === 'nobody') return problem(401, 'ERR_SESSION_KEY_EXCHANGE_FAILED');
    const token = this.logins.get(code) ?? `onestroke_${code}_${this.logins.size}`;
    this.logins.set(code, token);
    this.tokens.set(token, user);
    return json(201, { token, expiresAt: '2026-11-22T10:00:00Z', user: { id: user } });
  }
}

export function exchangeOf(response: Promise<HttpResponse>, abort = () => {}): HttpExchange {
  return { response, abort };
}

export const empty: HttpResponse = { status: 204, headers: {}, body: '' };

export function json(status: number, value: unknown, etag?: string): HttpResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...(etag ? { Etag: etag } : {}) },
    body: JSON.stringify(value),
  };
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): HttpResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
    body: JSON.stringify({ type: 'urn:test', title: code, status, detail: '', instance: 'test-request', code }),
  };
}

function whole(id: string, content: DrawingContent): Drawing {
  const at = '2026-11-22T08:00:00Z';
  const bounds = { minX: 0, minY: 0, maxX: 0, maxY: 0 };
  return {
    title: '',
    ...content,
    id,
    strokeCount: content.strokes.length,
    pointCount: 0,
    durationMs: 0,
    bounds,
    revision: 1,
    createdAt: at,
    updatedAt: at,
  };
}

function same(a: DrawingContent, b: DrawingContent): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
