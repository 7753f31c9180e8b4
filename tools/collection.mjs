// Writes the operations of the contract as a collection for Postman, which Bruno and Insomnia import,
// too: one request for each, with the examples of the contract. Run from its first to its last request
// it passes: it logs in with a simulated WeChat, and what is made is used by the requests after it.
//
//   node tools/collection.mjs CONTRACT FILE
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const [source, target] = process.argv.slice(2);
const contract = parse(readFileSync(source, 'utf8'));

/** Variables that the answer of an operation sets. */
const sets = {
  logIn: { token: 'body.token' },
  listSessions: { session_id: 'body.items[0].id' },
  shareDrawing: { shared_token: 'body.token' },
};
/** Operations after which there is no session. */
const ends = ['logOut', 'deleteAccount'];
/** Operations that WeChat and operators call, and those whose answer needs a file that only a person can choose. */
const ofOthers = tag => tag === 'wechat' || tag === 'operator';
const needsFile = ['getSharedAvatar'];

const resolve = node => (node?.$ref ? node.$ref.slice(2).split('/').reduce((at, key) => at[key], contract) : node);
const exampleOf = content => resolve(content?.example ?? resolve(Object.values(content?.examples ?? {})[0])?.value);
const script = (listen, lines) => ({ listen, script: { type: 'text/javascript', exec: lines } });

const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
  ['put', 'post', 'get', 'delete'] // what makes something comes before what reads it
    .filter(method => methods[method] && !methods[method].deprecated && !ofOthers(methods[method].tags[0]))
    .map(method => ({ path, method, shared: methods.parameters ?? [], ...methods[method] })),
);

function itemOf({ path, method, shared, operationId, summary, description, parameters = [], requestBody, responses, security }) {
  const all = [...shared, ...parameters].map(resolve);
  const of = place => all.filter(parameter => parameter.in === place);
  const valueOf = p => String(p.example ?? p.schema?.example ?? resolve(p.schema)?.enum?.[0] ?? '');
  const creates = p => method === 'put' && p.name === 'If-None-Match';
  const content = resolve(requestBody)?.content ?? {};
  const body = exampleOf(content['application/json']);
  const form = resolve(content['multipart/form-data']?.schema)?.properties;
  if (body?.id) delete body.id; // it is in the path
  if (body?.code) body.code = '{{code}}';
  // /v1/drawings/{id} becomes /v1/drawings/{{drawing_id}}.
  const url = path.replace(/(\w+?)s?\/{(\w+)}/g, (whole, kind, name) => whole.replace(`{${name}}`, `{{${kind}_${name}}}`));
  const query = of('query').map(p => ({ key: p.name, value: valueOf(p), description: p.description, disabled: true }));
  const succeeds = !form && (path.startsWith('/v1/') || method === 'get'); // the files of a form are the person's to choose
  const wanted = Object.keys(responses).filter(status => (succeeds ? /^2/ : /^\d/).test(status) || (needsFile.includes(operationId) && status === '404'));
  return {
    name: summary,
    event: [
      script('test', [
        `pm.test('answers as the contract says', () => pm.expect([${wanted}]).to.include(pm.response.code));`,
        ...Object.entries(sets[operationId] ?? {}).flatMap(([name, from]) => [
          'const body = pm.response.json();',
          `pm.collectionVariables.set('${name}', ${from});`,
        ]),
        ...(ends.includes(operationId) ? ["pm.collectionVariables.unset('token');", "pm.collectionVariables.unset('code');"] : []),
      ]),
    ],
    request: {
      method: method.toUpperCase(),
      description,
      ...(security?.length ? {} : { auth: { type: 'noauth' } }),
      header: [
        ...of('header').map(p => ({ key: p.name, value: creates(p) ? '*' : valueOf(p), description: p.description, disabled: !creates(p) })),
        ...(body === undefined ? [] : [{ key: 'Content-Type', value: 'application/json' }]),
      ],
      url: { raw: `{{baseUrl}}${url}`, host: ['{{baseUrl}}'], path: url.slice(1).split('/'), query },
      ...(form ? { body: { mode: 'formdata', formdata: Object.entries(form).map(fieldOf) } } : {}),
      ...(body === undefined ? {} : { body: { mode: 'raw', raw: JSON.stringify(body, null, 2), options: { raw: { language: 'json' } } } }),
    },
  };
}

function fieldOf([key, schema]) {
  const { format, example = '', description } = resolve(schema);
  return format === 'binary' ? { key, description, type: 'file', src: [] } : { key, description, type: 'text', value: String(example) };
}

const folder = (name, description, of) => ({ name, description, item: of.map(itemOf) });
const isDelete = ({ method }) => method === 'delete';
const folders = contract.tags
  .map(({ name, description }) => folder(name, description, operations.filter(o => o.tags[0] === name && !isDelete(o))))
  .filter(({ item }) => item.length);
const collection = {
  info: {
    name: contract.info.title,
    description: contract.info.description,
    schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
  },
  variable: [
    { key: 'baseUrl', value: 'http://127.0.0.1:5757', description: 'Where the service is.' },
    { key: 'code', value: '', description: 'What wx.login() gives. Empty: the simulator of the service is asked.' },
    { key: 'token', value: '', description: 'The credential, set by the login.' },
  ],
  auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}', type: 'string' }] },
  event: [
    script('prerequest', [
      '// Logs in if there is no session. A new drawing gets an id.',
      "const base = pm.variables.get('baseUrl');",
      'const post = (path, body, then) =>',
      "  pm.sendRequest({ url: base + path, method: 'POST', header: { 'Content-Type': 'application/json' }, body: { mode: 'raw', raw: JSON.stringify(body) } }, (error, answer) => {",
      "    if (error || answer.code >= 400) throw new Error(path + ': ' + (error || answer.text()));",
      '    then(answer.json());',
      '  });',
      "const logIn = code => post('/v1/session', { code }, ({ token }) => pm.collectionVariables.set('token', token));",
      "const opens = pm.request.method === 'POST' && pm.request.url.getPath() === '/v1/session';",
      "if (!pm.collectionVariables.get('drawing_id')) pm.collectionVariables.set('drawing_id', pm.variables.replaceIn('{{$guid}}'));",
      "if (!pm.collectionVariables.get('code'))",
      "  post('/simulator/login', { user: 'Postman' }, ({ code }) => {",
      "    pm.collectionVariables.set('code', code);",
      '    if (!opens) logIn(code);',
      '  });',
      "else if (!opens && !pm.collectionVariables.get('token')) logIn(pm.collectionVariables.get('code'));",
    ]),
    script('test', [
      '// A session that has ended, or a code that is used up, is not tried again.',
      "if (pm.response.code === 401) for (const name of ['token', 'code']) pm.collectionVariables.unset(name);",
    ]),
  ],
  item: [...folders, folder('delete', 'What ends or deletes something, the most last.', operations.filter(isDelete).reverse())],
};
writeFileSync(target, JSON.stringify(collection, null, 2) + '\n');
