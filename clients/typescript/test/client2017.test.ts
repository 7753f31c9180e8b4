import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newId } from '../src/index.ts';
import type { WxAnswer } from '../src/wx.ts';
import { type Binary, type Phone, startBinary } from './support/binary.ts';
import { Client2017, SessionError } from './support/client2017.ts';
import { FakeWx } from './support/wx.ts';

let service: Binary;
let withoutRedis: Binary;
before(async () => {
  [service, withoutRedis] = await Promise.all([startBinary(), startBinary({ REDIS_URL: 'redis://127.0.0.1:1' }, 503)]);
});
after(() => Promise.all([service.stop(), withoutRedis.stop()]));

/** An old program on the phone of a user of its own, whose every login may go in another way. */
function oldProgram(
  phone: (login: number, user: string) => Promise<Phone> = (_, user) => service.phone(user),
  { baseUrl } = service,
) {
  const user = `user ${newId()}`;
  const wx: FakeWx = new FakeWx(() => phone(wx.logins, user));
  const client = new Client2017(wx);
  const call = (path: string, data?: object): Promise<WxAnswer['data']> =>
    client.request({ url: `${baseUrl}/applet/session/paints/${path}`, method: data ? 'POST' : 'GET', data });
  return { wx, call };
}

const paint = { id: 'j8x3k2m1q9w0zt', actions: '[{"method":"setLineWidth","data":[5]}] 任何东西' };
const success = (data: unknown) => ({ code: 0, msg: 'success', data });

test('a drawing is saved, listed and deleted by a program of 2017', async () => {
  const { call } = oldProgram();
  assert.deepEqual(await call('save', paint), success({}));
  assert.deepEqual(await call('list'), success([paint]));
  assert.deepEqual(await call('delete', { id: paint.id }), success({}));
  assert.deepEqual(await call('list'), success([]));
});

test('pages that begin at the same moment with the same code all succeed', async () => {
  const { wx, call } = oldProgram();
  const answers = await Promise.all(Array.from({ length: 10 }, () => call('list')));
  assert.deepEqual(answers, Array(10).fill(success([])));
  assert.equal(wx.most, 10);
  assert.equal(wx.logins, 1);
});

test('pages that find their session ended log in again, once, and succeed', async () => {
  const { wx, call } = oldProgram();
  await call('save', paint);
  const ended = await fetch(service.baseUrl + '/v1/session', {
    method: 'DELETE',
    headers: { 'X-WX-Code': wx.getStorageSync('code') },
  });
  assert.equal(ended.status, 204);
  const answers = await Promise.all(Array.from({ length: 10 }, () => call('list')));
  assert.deepEqual(answers, Array(10).fill(success([paint])));
  assert.equal(wx.logins, 2);
});

test('a code that WeChat refuses is replaced', async () => {
  const { wx, call } = oldProgram((login, user) => service.phone(user, login < 4 ? { errcode: 40029 } : {}));
  assert.deepEqual(await call('list'), success([]));
  assert.equal(wx.logins, 4);
});

test('a program gives up when WeChat refuses its fourth code', async () => {
  const { wx, call } = oldProgram((_, user) => service.phone(user, { errcode: 40029 }));
  await assert.rejects(
    call('list'),
    new SessionError('ERR_SESSION_KEY_EXCHANGE_FAILED', 'jscode failed to exchange session_key'),
  );
  assert.equal(wx.logins, 4);
});

test('a wrong signature fails at once', async () => {
  const { wx, call } = oldProgram(async (_, user) => ({
    ...(await service.phone(user)),
    signature: '75e81ceda165f4ffa64f4068af58c64b8f54b88c',
  }));
  await assert.rejects(call('list'), new SessionError('ERR_UNTRUSTED_RAW_DATA', 'untrusted raw data'));
  assert.equal(wx.logins, 1);
});

test('Redis being away does not look like an ended session', async () => {
  const { wx, call } = oldProgram(undefined, withoutRedis);
  wx.setStorageSync('code', 'known');
  await assert.rejects(call('list'), new SessionError('ERR_UNAVAILABLE', 'session store unavailable'));
  assert.equal(wx.logins, 0);
  assert.equal(wx.getStorageSync('code'), 'known');
});
