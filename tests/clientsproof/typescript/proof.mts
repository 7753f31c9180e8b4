// Logs in, saves a drawing, lists it, gets it and deletes it, with the types that
// openapi-typescript makes from the contract.

import type { components, operations } from 'contract';

declare const process: { env: Record<string, string | undefined> };

type DrawingContent = components['schemas']['DrawingContent'];
type Problem = components['schemas']['Problem'];

/** The JSON answers of an operation, by status. */
type Answer<Name extends keyof operations, Status extends number> = operations[Name]['responses'] extends {
  [S in Status]: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

const url = process.env.ONESTROKE_URL;
const id = crypto.randomUUID();
const content: DrawingContent = {
  title: '一笔猫',
  canvas: { width: 3750, height: 6670 },
  format: 1,
  strokes: [{ tool: 'pen', color: '#666666', width: 50, x: [100, 110, 120], y: [200, 220, 230], t: [0, 16, 34] }],
};

let token = '';
const login: components['schemas']['LoginRequest'] = { code: process.env.ONESTROKE_CODE ?? '' };
({ token } = (await send('POST', '/v1/session', 201, login)) as Answer<'logIn', 201>);

const created = (await send('PUT', `/v1/drawings/${id}`, 201, content, { 'If-None-Match': '*' })) as Answer<'putDrawing', 201>;
expect(created.pointCount === 3, 'three points are stored');

const list = (await send('GET', '/v1/drawings?limit=1', 200)) as Answer<'listDrawings', 200>;
expect(list.items[0]?.id === id, 'the newest drawing is listed first');

const drawing = (await send('GET', `/v1/drawings/${id}`, 200)) as Answer<'getDrawing', 200>;
expect(JSON.stringify(drawing.strokes[0]?.t) === JSON.stringify(content.strokes[0]?.t), 'the drawing comes back as it was');

await send('DELETE', `/v1/drawings/${id}`, 204);
const gone = (await send('GET', `/v1/drawings/${id}`, 404)) as Problem;
expect(gone.code === process.env.ONESTROKE_GONE, 'what is deleted is gone');

async function send(method: string, path: string, status: number, body?: unknown, headers?: Record<string, string>): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  expect(response.status === status, `${method} ${path} answers ${status}, not ${response.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
