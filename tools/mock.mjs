// Serves the examples of the contract with Prism, which knows no state: for each request it asks
// Prism for the example that fits, so that paging ends and a PUT that creates answers 201. A
// request with a `Prefer` of its own gets what it prefers. As an example is a text, pictures come
// from here.
//
//   [PRISM=PROGRAM] node tools/mock.mjs PORT [PRISM'S OPTIONS]
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { createInterface } from 'node:readline';

const [port = '4010', ...options] = process.argv.slice(2);
const prism = spawn(
  process.env.PRISM ?? `${import.meta.dirname}/node_modules/.bin/prism`,
  ['mock', '--host', '127.0.0.1', '--port', '0', ...options, `${import.meta.dirname}/../openapi.yaml`],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => prism.kill());
prism.on('exit', code => process.exit(code ?? 0));

/** A picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** The headers with what is asked of Prism. */
function asking({ method, url, headers }) {
  const query = new URL(url, 'http://mock').searchParams;
  const accept = { png: 'image/png', svg: 'image/svg+xml' }[query.get('format')] ?? headers.accept ?? '*/*';
  return { ...headers, accept, prefer: headers.prefer ?? preference(method, headers, query) };
}

function preference(method, headers, query) {
  if (method === 'PUT' && headers['if-none-match'] === '*') return 'code=201';
  if (query.get('cursor')) return 'example=last';
  if (query.get('profile') === 'true') return 'example=profile';
  return '';
}

function serve(origin) {
  const server = createServer((incoming, answer) => {
    const { method, url } = incoming;
    const outgoing = request(origin + url, { method, headers: asking(incoming) });
    outgoing.on('response', response => {
      const { 'transfer-encoding': _, ...headers } = response.headers;
      if (headers['content-type'] === 'image/png') {
        response.resume();
        answer.writeHead(response.statusCode, { ...headers, 'content-length': png.length });
        return answer.end(png);
      }
      answer.writeHead(response.statusCode, response.rawHeaders);
      response.pipe(answer);
    });
    outgoing.on('error', error => answer.destroy(error));
    incoming.pipe(outgoing);
  });
  server.listen(Number(port), '127.0.0.1', () =>
    console.log(`the mock serves on http://127.0.0.1:${server.address().port}`),
  );
}

for await (const line of createInterface({ input: prism.stdout })) {
  const origin = /listening on (http:\S+\d)/.exec(line)?.[1];
  if (origin) serve(origin);
  else console.log(line);
}
