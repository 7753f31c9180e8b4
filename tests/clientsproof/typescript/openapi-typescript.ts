// The types of openapi-typescript, with fetch.
import type { components, operations } from './generated/openapi-typescript/contract';
import { prove } from './scenario';

type Answer<Name extends keyof operations, Status extends number> = operations[Name]['responses'] extends {
  [S in Status]: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

await prove(url => {
  let token = '';
  async function send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response> {
    return await fetch(url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
  async function successOf(sent: Promise<Response>): Promise<Response> {
    const answer = await sent;
    if (!answer.ok) throw new Error(await answer.text());
    return answer;
  }
  const json = async <Body>(sent: Promise<Response>) => (await (await successOf(sent)).json()) as Body;
  return {
    async logIn(code) {
      const body: components['schemas']['LoginRequest'] = { code };
      ({ token } = await json<Answer<'logIn', 201>>(send('POST', '/v1/session', body)));
    },
    put(id, content) {
      const body: components['schemas']['DrawingContent'] = content;
      return json<Answer<'putDrawing', 201>>(send('PUT', `/v1/drawings/${id}`, body, { 'If-None-Match': '*' }));
    },
    list: cursor => json<Answer<'listDrawings', 200>>(send('GET', `/v1/drawings?limit=1&cursor=${cursor ?? ''}`)),
    get: id => json<Answer<'getDrawing', 200>>(send('GET', `/v1/drawings/${id}`)),
    image: async id => await (await successOf(send('GET', `/v1/drawings/${id}/image`))).text(),
    delete: async id => void (await successOf(send('DELETE', `/v1/drawings/${id}`))),
    refusal: async id => (await (await send('GET', `/v1/drawings/${id}`)).json()) as components['schemas']['Problem'],
  };
});
