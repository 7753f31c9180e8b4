// Serves the examples of the contract with Prism, which knows no state: for each request it asks
// Prism for the example that fits, so that paging ends and a PUT that creates answers 201. A
// request with a `Prefer` of its own gets what it prefers.
//
//   node tools/mock.mjs PORT
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { createInterface } from 'node:readline';

const port = Number(process.argv[2] ?? 4010);
const prism = spawn(
  `${import.meta.dirname}/node_modules/.bin/prism`,
  ['mock', '--host', '127.0.0.1', '--port', '0', `${import.meta.dirname}/../openapi.yaml`],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => prism.kill());
prism.on('exit', code => process.exit(code ?? 0));

/** What is asked of Prism. */
function preference({ method, url, headers }) {
  if (headers.prefer) return headers.prefer;
  if (method === 'PUT' && headers['if-none-match'] === '*') return 'code=201';
  if (new URL(url, 'http://mock').searchParams.get('cursor')) return 'example=last';
  return '';
}

function serve(origin) {
  const server = createServer((incoming, answer) => {
    const { method, url, headers } = incoming;
    const outgoing = request(origin + url, { method, headers: { ...headers, prefer: preference(incoming) } });
    outgoing.on('response', response => {
      answer.writeHead(response.statusCode, response.rawHeaders);
      response.pipe(answer);
    });
    outgoing.on('error', error => answer.destroy(error));
    incoming.pipe(outgoing);
  });
  server.listen(port, '127.0.0.1', () => console.log(`the mock serves on http://127.0.0.1:${server.address().port}`));
}

for await (const line of createInterface({ input: prism.stdout })) {
  const origin = /listening on (http:\S+\d)/.exec(line)?.[1];
  if (origin) serve(origin);
  else console.log(line);
}
