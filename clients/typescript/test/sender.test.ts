import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientOptions, createClient, type HttpRequest, type HttpResponse, newId } from '../src/index.ts';
import { Clock } from './support/clock.ts';
import { exchangeOf, json, problem } from './support/memory-service.ts';

type Answer = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** A client of which each request gets the next answer, the last one for good, and when each was sent. */
function clientOf(answers: Answer[], options: Partial<ClientOptions> = {}) {
  const clock = new Clock();
  const sent: number[] = [];
  let aborted = 0;
  const client = createClient({
    baseUrl: 'http://service',
    login: () => 'code',
    random: () => 0,
    timer: clock.timer,
    transport: request => {
      const answer = answers[Math.min(sent.length, answers.length - 1)]!;
      sent.push(clock.now);
      return exchangeOf(Promise.resolve(request).then(answer), () => aborted++);
    },
    ...options,
  });
  return { client, clock, sent, aborted: () => aborted };
}

const ok: Answer = () => json(200, { status: 'live' });
const reset: Answer = () => Promise.reject(new Error('connection reset'));
const never: Answer = () => new Promise(() => {});
const proxy: Answer = () => ({
  status: 503,
  headers: { 'Content-Type': 'text/html', 'Retry-After': '7' },
  body: '<html>busy',
});
const say =
  (status: number, code: string, headers = {}): Answer =>
  () =>
    problem(status, code, headers);

const stories: [string, Answer[], string, number[]][] = [
  ['an answer ends it', [ok], 'ok', [0]],
  ['failed connections are tried again, ever later', [reset, reset, reset, ok], 'ok', [0, 300, 900, 2100]],
  ['three times and no more', [reset], 'NETWORK_FAILED', [0, 300, 900, 2100]],
  ['no answer in time is a failed connection', [never, ok], 'ok', [0, 15_300]],
  ['never an answer', [never], 'TIMED_OUT', [0, 15_300, 30_900, 47_100]],
  ['503 is tried again', [say(503, 'ERR_UNAVAILABLE'), ok], 'ok', [0, 300]],
  ['Retry-After is waited for', [say(429, 'ERR_RATE_LIMITED', { 'retry-AFTER': '7' }), ok], 'ok', [0, 7300]],
  ['a body that was too slow is sent again', [say(408, 'ERR_REQUEST_TIMEOUT', {}), ok], 'ok', [0, 300]],
  ['Retry-After of a proxy is waited for', [proxy, ok], 'ok', [0, 7300]],
  [
    'a long Retry-After is the caller’s to wait for',
    [say(503, 'ERR_UNAVAILABLE', { 'Retry-After': '600' }), ok],
    'ERR_UNAVAILABLE',
    [0],
  ],
  ['500 is not tried again', [say(500, 'ERR_INTERNAL'), ok], 'ERR_INTERNAL', [0]],
  ['400 is not tried again', [say(400, 'ERR_INVALID_REQUEST'), ok], 'ERR_INVALID_REQUEST', [0]],
];
for (const [what, answers, end, times] of stories) {
  test(`a request: ${what}`, async () => {
    const { client, sent } = clientOf(answers);
    const result = await client.livez();
    assert.equal(result.ok ? 'ok' : result.problem.code, end);
    assert.deepEqual(sent, times);
  });
}

test('half of a pause is left to chance', async () => {
  const { client, sent } = clientOf([reset, ok], { random: () => 0.999999 });
  await client.livez();
  assert.equal(Math.round(sent[1]!), 150);
});

test('a failure tells how long to wait', async () => {
  const { client } = clientOf([say(429, 'ERR_RATE_LIMITED', { 'Retry-After': '60' })]);
  const result = await client.livez();
  assert.equal(result.ok || result.retryAfterMs, 60_000);
});

test('a transport that throws is a failed connection', async () => {
  const { client } = clientOf([ok], {
    transport: () => {
      throw new Error('no network');
    },
  });
  const result = await client.livez();
  assert.equal(result.ok || result.problem.code, 'NETWORK_FAILED');
});

test('a call has its own time-out and number of tries', async () => {
  const { client, clock, sent, aborted } = clientOf([never]);
  const result = await client.livez({}, { timeoutMs: 500, retries: 1 });
  assert.equal(result.ok || result.problem.code, 'TIMED_OUT');
  assert.equal(clock.now, 1300);
  assert.equal(sent.length, 2);
  assert.equal(aborted(), 2);
});

test('a large body has the time that the service gives it on a slow line', async () => {
  const { client, clock } = clientOf([
    () => json(201, { token: 'token', user: { id: 'user' } }),
    async ({ body, timeoutMs }) => {
      assert.ok(Number.isInteger(timeoutMs), 'WeChat takes whole milliseconds');
      await clock.after(body!.length / 9); // 9 KB a second
      return json(201, {});
    },
  ]);
  const x = Array.from({ length: 5_000 }, (_, i) => 10_000 + i);
  const stroke = { tool: 'pen', color: '#000000', width: 50, x, y: x, t: x } as const;
  const body = { format: 1, canvas: { width: 3750, height: 5000 }, strokes: [stroke, stroke, stroke, stroke] } as const;
  const result = await client.putDrawing({ id: newId(), body: body as never }, { retries: 0 });
  assert.equal(result.ok || result.problem.code, true);
  assert.ok(clock.now > 30_000);
});

test('a time-out that is not reached keeps no program alive', async () => {
  const { client } = clientOf([ok], { timer: undefined });
  await client.livez();
  assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
});

test('at most ten requests are under way at once, in their order', async () => {
  const answers: (() => void)[] = [];
  const paths: string[] = [];
  const { client } = clientOf([], {
    transport: request => {
      paths.push(request.url.slice(-2));
      return exchangeOf(new Promise(resolve => answers.push(() => resolve(json(200, {})))));
    },
  });
  const calls = Array.from({ length: 25 }, (_, i) => client.getSharedDrawing({ token: String(10 + i) }));
  while (answers.length < 10) await Promise.resolve();
  assert.equal(answers.length, 10);
  for (let i = 0; i < 25; i++) {
    while (answers.length <= i) await Promise.resolve();
    assert.ok(answers.length <= i + 10);
    answers[i]!();
    await calls[i];
  }
  assert.deepEqual(
    paths,
    Array.from({ length: 25 }, (_, i) => String(10 + i)),
  );
});

test('cancel ends a request that is under way, and aborts it', async () => {
  const { client, sent, aborted } = clientOf([never]);
  const call = client.livez();
  while (!sent.length) await Promise.resolve();
  call.cancel();
  const result = await call;
  assert.equal(result.ok || result.problem.code, 'CANCELLED');
  assert.equal(aborted(), 1);
  assert.equal(sent.length, 1);
});

test('a signal cancels a call, before and while it is under way', async () => {
  const { client, sent, aborted } = clientOf([never]);
  const controller = new AbortController();
  const call = client.livez({}, { signal: controller.signal });
  while (!sent.length) await Promise.resolve();
  controller.abort();
  for (const result of [await call, await client.livez({}, { signal: controller.signal })])
    assert.equal(result.ok || result.problem.code, 'CANCELLED');
  assert.equal(aborted(), 1);
  assert.equal(sent.length, 1);
});

test('a signal that many calls share keeps none of them', async () => {
  const { client } = clientOf([ok]);
  let listeners = 0;
  const signal = {
    aborted: false,
    addEventListener: () => void listeners++,
    removeEventListener: () => void listeners--,
  };
  for (let i = 0; i < 3; i++) await client.livez({}, { signal });
  assert.equal(listeners, 0);
});

test('cancel ends a pause before the next try', async () => {
  const { client, clock, sent } = clientOf([reset]);
  const call = client.livez();
  clock.timer(100, () => call.cancel());
  const result = await call;
  assert.equal(result.ok || result.problem.code, 'CANCELLED');
  await clock.after(60_000);
  assert.equal(sent.length, 1);
});

test('cancel takes a request out of the queue', async () => {
  const { client, sent } = clientOf([never, ok], { maxConcurrent: 1 });
  const first = client.livez();
  const second = client.livez();
  while (!sent.length) await Promise.resolve();
  second.cancel();
  first.cancel();
  assert.equal((await client.livez()).ok, true);
  assert.equal(sent.length, 2);
});
