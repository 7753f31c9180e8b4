// openapi-fetch, with the types of openapi-typescript.
import createClient from 'openapi-fetch';
import type { paths } from './generated/openapi-fetch/contract';
import { prove } from './scenario';

/** The data of a success. */
function data<Data>({ data, error }: { data?: Data; error?: unknown }): Data {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

await prove(url => {
  const api = createClient<paths>({ baseUrl: url });
  return {
    async logIn(code) {
      const { token } = data(await api.POST('/v1/session', { body: { code } }));
      api.use({ onRequest: ({ request }) => request.headers.set('Authorization', `Bearer ${token}`) });
    },
    put: async (id, body) =>
      data(await api.PUT('/v1/drawings/{id}', { params: { path: { id }, header: { 'If-None-Match': '*' } }, body })),
    list: async cursor => data(await api.GET('/v1/drawings', { params: { query: { limit: 1, cursor } } })),
    get: async id => data(await api.GET('/v1/drawings/{id}', { params: { path: { id } } })),
    image: async id => data(await api.GET('/v1/drawings/{id}/image', { params: { path: { id } }, parseAs: 'text' })),
    async delete(id) {
      const { error } = await api.DELETE('/v1/drawings/{id}', { params: { path: { id } } });
      if (error) throw new Error(error.detail);
    },
    async refusal(id) {
      const { error } = await api.GET('/v1/drawings/{id}', { params: { path: { id } } });
      if (!error) throw new Error('it is not refused');
      return error;
    },
  };
});
