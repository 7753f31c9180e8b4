// The functions of orval, with fetch.
import { deleteDrawing, getDrawing, getDrawingImage, listDrawings, logIn, putDrawing } from './generated/orval/client';
import { service } from './orval-send';
import { prove } from './scenario';

/** The data of the answer with a status. */
function data<Answer extends { status: number; data: unknown }, Status extends number>(
  answer: Answer,
  status: Status,
): Extract<Answer, { status: Status }>['data'] {
  if (answer.status !== status) throw new Error(JSON.stringify(answer.data));
  return answer.data;
}

await prove(url => {
  service.url = url;
  return {
    async logIn(code) {
      service.token = data(await logIn({ code }), 201).token;
    },
    put: async (id, content) => data(await putDrawing(id, content, {}, { headers: { 'If-None-Match': '*' } }), 201),
    list: async cursor => data(await listDrawings({ limit: 1, cursor }), 200),
    get: async id => data(await getDrawing(id), 200),
    image: async id => await data(await getDrawingImage(id), 200).text(),
    delete: async id => data(await deleteDrawing(id), 204),
    refusal: async id => data(await getDrawing(id), 404),
  };
});
