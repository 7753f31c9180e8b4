import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequest, type Request2017, type RequestFailure, type RequestOptions, type Wx2017 } from '../src/2017.ts';
import type { WxAnswer, WxRequest } from '../src/wx.ts';

const magic = 'F2C224D4-2BCE-4C64-AF9F-A6D872000D1A';
const list = 'https://draw.example.com/applet/session/paints/list';

/** A `wx` whose requests get `answer`, but for logins, which get token 1, 2, … */
function fakeWx(answer: (options: WxRequest) => Partial<WxAnswer> | string, getUserInfo?: Wx2017['getUserInfo']) {
  const sent: WxRequest[] = [];
  const logins: unknown[] = [];
  const stored = new Map<string, string>();
  const wx: Wx2017 = {
    request(options) {
      setImmediate(() => {
        if (options.url.endsWith('/v1/session')) {
          logins.push(JSON.parse(options.data as string));
          const body = JSON.stringify({ token: `${logins.length}`, user: { id: 'xiaoming' } });
          return options.success!({ statusCode: 201, header: { 'Content-Type': 'application/json' }, data: body });
        }
        sent.push(options);
        const given = answer(options);
        if (typeof given === 'string') options.fail?.({ errMsg: given });
        else options.success?.({ statusCode: 200, header: {}, data: {}, ...given });
      });
      return { abort: () => options.fail?.({ errMsg: 'request:fail abort' }) };
    },
    login: ({ success }) => setImmediate(() => success({ code: 'code' })),
    getUserInfo,
    getStorageSync: key => stored.get(key) ?? '',
    setStorageSync: (key, value) => stored.set(key, value),
    removeStorageSync: key => stored.delete(key),
    getStorageInfoSync: () => ({ keys: Array.from(stored.keys()) }),
  };
  return { request: createRequest(wx), wx, sent, logins };
}

/** Resolves with what was called with what, in order. */
function outcome(
  request: Request2017,
  options: Omit<RequestOptions, 'url'> & { url?: string },
): Promise<[string, WxAnswer | RequestFailure][]> {
  return new Promise(resolve => {
    const called: [string, WxAnswer | RequestFailure][] = [];
    request({
      url: list,
      ...options,
      success: answer => called.push(['success', answer]),
      fail: failure => called.push(['fail', failure]),
      complete: result => {
        called.push(['complete', result]);
        resolve(called);
      },
    });
  });
}

test('an old request gets its answer as wx.request gives it, as the user', async () => {
  const data = { code: 0, msg: 'success', data: [{ id: 'a', actions: '[]' }] };
  const { request, sent, logins } = fakeWx(() => ({ data }));
  const called = await outcome(request, { method: 'POST', data: { id: 'a' }, header: { 'X-Mine': '1' }, login: true });
  assert.deepEqual(called, [
    ['success', { statusCode: 200, header: {}, data }],
    ['complete', { statusCode: 200, header: {}, data }],
  ]);
  const { method, data: body, header } = sent[0]!;
  assert.deepEqual(
    { method, body, header },
    { method: 'POST', body: { id: 'a' }, header: { 'X-Mine': '1', Authorization: 'Bearer 1' } },
  );
  assert.deepEqual(logins, [{ code: 'code' }]);
});

test('pages that begin at the same moment share one login', async () => {
  const { request, logins } = fakeWx(() => ({}));
  await Promise.all(Array.from({ length: 10 }, () => outcome(request, {})));
  assert.equal(logins.length, 1);
});

test('the login carries the signed profile, where the user gives it', async () => {
  const { request, logins } = fakeWx(
    () => ({}),
    ({ success }) => success({ rawData: '{}', signature: 'abc' }),
  );
  await outcome(request, {});
  assert.deepEqual(logins, [{ code: 'code', rawData: '{}', signature: 'abc' }]);
  const refused = fakeWx(
    () => ({}),
    ({ fail }) => fail(),
  );
  await outcome(refused.request, {});
  assert.deepEqual(refused.logins, [{ code: 'code' }]);
});

test('an ended session is renewed unseen', async () => {
  const { request, sent } = fakeWx(({ header }) => ({
    data: header!['Authorization'] === 'Bearer 1' ? { [magic]: 1, reason: 'ERR_SESSION_EXPIRED' } : { code: 0 },
  }));
  const called = await outcome(request, {});
  assert.deepEqual(
    called.map(([name]) => name),
    ['success', 'complete'],
  );
  assert.equal(sent.length, 2);
});

for (const [what, data, type] of [
  ['a session that ends at once', { [magic]: 1, reason: 'ERR_SESSION_EXPIRED' }, 'ERR_SESSION_EXPIRED'],
  ['a signature that differs', { [magic]: 1, reason: 'ERR_UNTRUSTED_RAW_DATA' }, 'ERR_UNTRUSTED_RAW_DATA'],
  ['a session error without a reason', { [magic]: 1 }, ''],
] as const) {
  test(`fail is called for ${what}`, async () => {
    const { request } = fakeWx(() => ({ data }));
    const called = await outcome(request, {});
    assert.deepEqual(
      called.map(([name]) => name),
      ['fail', 'complete'],
    );
    assert.equal((called[0]![1] as RequestFailure).type, type);
  });
}

test('fail is called with what wx.request says', async () => {
  const { request } = fakeWx(() => 'request:fail timeout');
  assert.deepEqual((await outcome(request, {}))[0], ['fail', { errMsg: 'request:fail timeout' }]);
});

test('login: false sends no credential', async () => {
  const { request, sent, logins } = fakeWx(() => ({}));
  await outcome(request, { login: false });
  assert.equal(sent[0]!.header, undefined);
  assert.deepEqual(logins, []);
});

test('a token is for the host that gave it', async () => {
  const { request, sent } = fakeWx(() => ({}));
  await outcome(request, {});
  await outcome(request, { url: 'https://other.example.com/list' });
  assert.deepEqual(
    sent.map(({ header }) => header!['Authorization']),
    ['Bearer 1', 'Bearer 2'],
  );
});

test('abort ends a request, also while it waits for the login', async () => {
  const { request, sent } = fakeWx(() => ({}));
  const failed = await new Promise<RequestFailure>(fail => request({ url: list, fail }).abort());
  assert.equal(failed.errMsg, 'request:fail abort');
  assert.equal(sent.length, 0);
});
