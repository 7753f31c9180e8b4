import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientOptions, createClient, type HttpResponse, type HttpStream } from '../src/index.ts';
import { decode, encode } from '../src/utf8.ts';
import { Clock } from './support/clock.ts';
import { exchangeOf, json, problem } from './support/memory-service.ts';

const cat = '{"id":"1","title":"一笔猫"}\n';
const dog = '{"id":"2","title":"一笔狗 🐶"}\n';
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A part, how long the next one takes, or why there is none. */
type Event = Uint8Array | number | Error;

const headers = { 'Content-Type': 'application/x-ndjson' };

/** A client whose requests get the next answer, the last one for good; a list of events is a stream. */
function clientOf(answers: (HttpResponse | Event[])[], options: Partial<ClientOptions> = {}) {
  const clock = new Clock();
  const seen = { requests: 0, aborted: 0 };
  const streamOf =
    (events: Event[]): HttpStream =>
    async () => {
      for (let event: Event | undefined; (event = events.shift()) !== undefined; ) {
        if (event instanceof Error) throw event;
        if (typeof event !== 'number') return event;
        await clock.after(event);
      }
      return undefined;
    };
  const client = createClient({
    baseUrl: 'http://service',
    login: () => 'code',
    random: () => 0,
    timer: clock.timer,
    transport: ({ url }) => {
      if (url.endsWith('/v1/session')) return exchangeOf(Promise.resolve(json(201, { token: 't', user: { id: 'u' } })));
      const answer = answers[Math.min(seen.requests++, answers.length - 1)]!;
      const response = Array.isArray(answer) ? { status: 200, headers, body: streamOf(answer) } : answer;
      return exchangeOf(Promise.resolve(response), () => seen.aborted++);
    },
    ...options,
  });
  const collect = async (signal?: AbortSignal) => {
    const got: string[] = [];
    for await (const result of client.exportDrawings({}, { signal }))
      got.push(result.ok ? result.data.id : result.problem.code);
    return got;
  };
  return { client, clock, collect, seen };
}

const slow: Event[] = Array.from({ length: 20 }, () => [10_000, bytesOf(cat)]).flat();
const stories: [string, (HttpResponse | Event[])[], string[], number][] = [
  ['no drawings', [[]], [], 1],
  ['lines that arrive as one part', [[bytesOf(cat + dog)]], ['1', '2'], 1],
  ['lines that arrive byte by byte', [Array.from(bytesOf(cat + dog), byte => Uint8Array.of(byte))], ['1', '2'], 1],
  ['a transport that cannot stream', [{ status: 200, headers, body: cat + dog }], ['1', '2'], 1],
  ['longer than a time-out, but never silent', [slow], Array.from({ length: 20 }, () => '1'), 1],
  ['silence, which ends it', [[bytesOf(cat), 16_000, bytesOf(dog)]], ['1', 'TIMED_OUT'], 1],
  ['a lost connection, which ends it', [[bytesOf(cat), new Error('reset')]], ['1', 'NETWORK_FAILED'], 1],
  ['a last line without its end', [[bytesOf(cat), bytesOf(dog.slice(0, 20))]], ['1', 'BAD_ANSWER'], 1],
  ['a line that is not JSON', [[bytesOf(`${cat}<html>\n${dog}`)]], ['1', 'BAD_ANSWER'], 1],
  ['a refusal before it begins', [problem(503, 'ERR_UNAVAILABLE'), [bytesOf(cat)]], ['1'], 2],
  ['a refusal for good', [problem(406, 'ERR_NOT_ACCEPTABLE')], ['ERR_NOT_ACCEPTABLE'], 1],
  ['the page of a proxy', [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' }], ['BAD_ANSWER'], 4],
];
for (const [what, answers, expected, requests] of stories) {
  test(`an export: ${what}`, async () => {
    const { collect, seen } = clientOf(answers);
    assert.deepEqual(await collect(), expected);
    assert.equal(seen.requests, requests);
  });
}

test('a refusal that is streamed is read', async () => {
  const parts = [bytesOf('{"code":"ERR_RATE'), bytesOf('_LIMITED","status":429}')];
  const refused: HttpResponse = {
    status: 429,
    headers: { 'content-type': 'application/problem+json', 'retry-after': '600' },
    body: () => Promise.resolve(parts.shift()),
  };
  assert.deepEqual(await clientOf([refused]).collect(), ['ERR_RATE_LIMITED']);
});

test('an export that is left ends its request, and makes room for the next', async () => {
  const { client, seen } = clientOf([[bytesOf(cat), bytesOf(dog)], [bytesOf(cat)]], { maxConcurrent: 1 });
  for await (const first of client.exportDrawings()) {
    assert.ok(first.ok);
    break;
  }
  assert.equal(seen.aborted, 1);
  const next = await client.exportDrawings().next();
  assert.ok(!next.done && next.value.ok);
});

test('an export counts as a request under way until its end', async () => {
  const { client, seen } = clientOf([[bytesOf(cat)], json(200, {})], { maxConcurrent: 1 });
  const exported = client.exportDrawings();
  await exported.next();
  const other = client.listSessions();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assert.equal(seen.requests, 1);
  assert.equal((await exported.next()).done, true);
  await other;
  assert.equal(seen.requests, 2);
});

test('a signal ends an export, wherever it is', async () => {
  for (const events of [
    [1000, bytesOf(cat)],
    [bytesOf(cat), 1000],
  ] as Event[][]) {
    const { clock, collect, seen } = clientOf([events]);
    const controller = new AbortController();
    clock.timer(500, () => controller.abort());
    assert.equal((await collect(controller.signal)).at(-1), 'CANCELLED');
    assert.ok(seen.aborted > 0);
  }
  const { collect, seen } = clientOf([[bytesOf(cat)]]);
  assert.deepEqual(await collect(AbortSignal.abort()), ['CANCELLED']);
  assert.equal(seen.requests, 0);
});

test('texts are UTF-8 and back', () => {
  for (const text of ['', 'a%41', '一笔到底', '🐶\u0000\u007f\u0080\uffff']) {
    assert.deepEqual(new Uint8Array(encode(text)), bytesOf(text));
    assert.equal(decode(bytesOf(text)), text);
  }
  assert.throws(() => decode(Uint8Array.of(0xff)));
});
