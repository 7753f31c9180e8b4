// How the functions that orval generates send a request: they know neither the address of the service nor a token.

export const service = { url: '', token: '' };

export async function send<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(service.url + path, { ...init, headers: { ...init.headers, Authorization: `Bearer ${service.token}` } });
  const isJson = answer.headers.get('Content-Type')?.endsWith('json');
  const data: unknown = await (isJson ? answer.json() : answer.blob());
  return { data, status: answer.status, headers: answer.headers } as Answer;
}
