// The functions of kubb, with its fetch. That reads every answer as JSON, so the picture has another.
import { type Client, setConfig } from '@kubb/plugin-client/clients/fetch';
import { deleteDrawing, getDrawing, getDrawingImage, listDrawings, logIn, putDrawing } from './generated/kubb';
import type { Problem } from './generated/kubb';
import { prove } from './scenario';

/** The data of a success: the type says only that. */
function data<Data>({ status, data }: { status: number; data: Data }): Data {
  if (status >= 400) throw new Error(JSON.stringify(data));
  return data;
}

await prove(url => {
  const headers = { 'Content-Type': 'application/json' };
  setConfig({ baseURL: url, headers });
  let token = '';
  const asBlob: Client = async ({ url: path }) => {
    const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${token}` } });
    const { status, statusText, headers } = answer;
    return { data: (await answer.blob()) as never, status, statusText, headers };
  };
  return {
    async logIn(code) {
      ({ token } = data(await logIn({ code })));
      setConfig({ baseURL: url, headers: { ...headers, Authorization: `Bearer ${token}` } });
    },
    put: async (id, content) => data(await putDrawing(id, content, undefined, { 'If-None-Match': '*' })),
    list: async cursor => data(await listDrawings({ limit: 1, cursor })),
    get: async id => data(await getDrawing(id)),
    image: async id => await data(await getDrawingImage(id, undefined, undefined, { client: asBlob })).text(),
    delete: async id => void data(await deleteDrawing(id)),
    async refusal(id) {
      const { data: problem } = await getDrawing(id);
      return problem as unknown as Problem;
    },
  };
});
