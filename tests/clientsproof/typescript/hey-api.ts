// The SDK of hey-api, with fetch.
import { deleteDrawing, getDrawing, getDrawingImage, listDrawings, logIn, putDrawing } from './generated/hey-api';
import { client } from './generated/hey-api/client.gen';
import { prove } from './scenario';

await prove(url => {
  client.setConfig({ baseUrl: url });
  const throwOnError = true;
  return {
    async logIn(code) {
      const { data } = await logIn({ body: { code }, throwOnError });
      client.setConfig({ auth: data.token });
    },
    put: async (id, body) => (await putDrawing({ path: { id }, headers: { 'If-None-Match': '*' }, body, throwOnError })).data,
    list: async cursor => (await listDrawings({ query: { limit: 1, cursor }, throwOnError })).data,
    get: async id => (await getDrawing({ path: { id }, throwOnError })).data,
    image: async id => await (await getDrawingImage({ path: { id }, throwOnError })).data.text(),
    delete: async id => void (await deleteDrawing({ path: { id }, throwOnError })),
    async refusal(id) {
      const { error } = await getDrawing({ path: { id } });
      if (!error) throw new Error('it is not refused');
      return error;
    },
  };
});
