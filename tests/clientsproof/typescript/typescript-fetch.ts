// The classes of openapi-generator's typescript-fetch.
import { Configuration, DrawingsApi, ProblemFromJSON, ResponseError, SessionApi } from './generated/typescript-fetch';
import { prove } from './scenario';

await prove(url => {
  let token = '';
  const configuration = new Configuration({ basePath: url, accessToken: () => token });
  const drawings = new DrawingsApi(configuration);
  return {
    async logIn(code) {
      ({ token } = await new SessionApi(configuration).logIn({ loginRequest: { code } }));
    },
    put: (id, drawingContent) => drawings.putDrawing({ id, ifNoneMatch: '*', drawingContent }),
    list: cursor => drawings.listDrawings({ limit: 1, cursor }),
    get: id => drawings.getDrawing({ id }),
    image: async id => await (await drawings.getDrawingImage({ id })).text(),
    delete: id => drawings.deleteDrawing({ id }),
    async refusal(id) {
      const error: unknown = await drawings.getDrawing({ id }).catch((thrown: unknown) => thrown);
      if (!(error instanceof ResponseError)) throw new Error('it is not refused');
      return ProblemFromJSON(await error.response.json());
    },
  };
});
