import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientOptions, createClient, memoryStorage } from '../src/index.ts';
import { Clock } from './support/clock.ts';
import { drawing } from './support/drawings.ts';
import { exchangeOf, json, MemoryService } from './support/memory-service.ts';

function clientOf(service: MemoryService, options: Partial<ClientOptions> = {}) {
  const clock = new Clock();
  let logins = 0;
  const client = createClient({
    baseUrl: 'http://service',
    transport: service.transport,
    login: () => `xiaoming:${++logins}`,
    timer: clock.timer,
    random: () => 0,
    ...options,
  });
  return { client, clock, logins: () => logins };
}

function gate() {
  let open = () => {};
  const opened = new Promise<void>(resolve => (open = resolve));
  return { open, opened };
}

const logIns = (service: MemoryService) => service.sent('POST', /\/v1\/session$/).length;

test('all requests in flight share one login', async () => {
  const service = new MemoryService();
  const { client, logins } = clientOf(service);
  const results = await Promise.all(Array.from({ length: 30 }, () => client.getSession()));
  assert.ok(results.every(result => result.ok));
  assert.equal(logins(), 1);
  assert.equal(logIns(service), 1);
});

test('a session is found in storage after a restart', async () => {
  const service = new MemoryService();
  const storage = memoryStorage();
  await clientOf(service, { storage }).client.getSession();
  const again = clientOf(service, { storage });
  assert.equal((await again.client.getSession()).ok, true);
  assert.equal(again.logins(), 0);
});

test('an ended session is renewed once for all that find it ended', async () => {
  const service = new MemoryService();
  const { client, logins } = clientOf(service);
  await client.getSession();
  service.tokens.clear();
  const results = await Promise.all(Array.from({ length: 30 }, () => client.getSession()));
  assert.ok(results.every(result => result.ok));
  assert.equal(logins(), 2);
});

test('a session that ends at once is renewed once a request, not for ever', async () => {
  const service = new MemoryService();
  const { client, logins } = clientOf(service, {
    transport: request => {
      const answer = service.answer(request);
      service.tokens.clear();
      return exchangeOf(Promise.resolve(answer));
    },
  });
  const result = await client.getSession();
  assert.equal(result.ok || result.problem.code, 'ERR_SESSION_EXPIRED');
  assert.equal(logins(), 2);
});

test('a session that has ended is found so in an answer of 2017, too', async () => {
  const service = new MemoryService();
  let ended = true;
  const { client, logins } = clientOf(service, {
    transport: request => {
      if (!request.url.endsWith('/paints/list')) return service.transport(request);
      const answer = ended
        ? { 'F2C224D4-2BCE-4C64-AF9F-A6D872000D1A': 1, reason: 'ERR_SESSION_EXPIRED' }
        : { code: 0, msg: 'success', data: [] };
      ended = false;
      return exchangeOf(Promise.resolve(json(200, answer)));
    },
  });
  const result = await client.listPaints();
  assert.deepEqual(result.ok && result.data, { code: 0, msg: 'success', data: [] });
  assert.equal(logins(), 2);
});

test('a login whose reply is lost is the same login again', async () => {
  const service = new MemoryService();
  let lost = 0;
  const { client, logins } = clientOf(service, {
    transport: request => {
      const answer = service.answer(request);
      return exchangeOf(lost++ < 2 ? Promise.reject(new Error('connection reset')) : Promise.resolve(answer));
    },
  });
  assert.equal((await client.getSession()).ok, true);
  assert.equal(logins(), 1);
  assert.equal(service.tokens.size, 1);
});

const refusals: [string, ClientOptions['login'], string, number][] = [
  ['a code that WeChat refuses is replaced once', () => 'nobody', 'ERR_SESSION_KEY_EXCHANGE_FAILED', 2],
  ['a login that fails', () => Promise.reject(new Error('user said no')), 'LOGIN_FAILED', 0],
  [
    'a login that throws',
    () => {
      throw new Error('no wx');
    },
    'LOGIN_FAILED',
    0,
  ], // prettier-ignore
  ['a login without a code', () => '', 'LOGIN_FAILED', 0],
  ['a login with a profile and no code', () => ({ code: '', rawData: '{}', signature: '' }), 'LOGIN_FAILED', 0],
  ['a login that gives nothing', () => undefined as never, 'LOGIN_FAILED', 0],
  ['a login that gives null', () => null as never, 'LOGIN_FAILED', 0],
  ['a login that never ends', () => new Promise(() => {}), 'LOGIN_FAILED', 0],
];
for (const [what, login, code, requests] of refusals) {
  test(`no session: ${what}`, async () => {
    const service = new MemoryService();
    const { client } = clientOf(service, { login });
    const result = await client.getSession();
    assert.equal(result.ok || result.problem.code, code);
    assert.equal(logIns(service), requests);
  });
}

test('a failed login is tried anew by the next request', async () => {
  const service = new MemoryService();
  let logins = 0;
  const { client } = clientOf(service, { login: () => (logins++ ? 'xiaoming' : Promise.reject(new Error('offline'))) });
  assert.equal((await client.getSession()).ok, false);
  assert.equal((await client.getSession()).ok, true);
});

test('logging out ends the session here and there', async () => {
  const service = new MemoryService();
  const storage = memoryStorage();
  const { client, logins } = clientOf(service, { storage });
  await client.getSession();
  assert.equal((await client.logOut()).ok, true);
  assert.equal(service.tokens.size, 0);
  assert.deepEqual(storage.keys(), []);
  assert.equal((await client.logOut()).ok, true);
  assert.equal(logins(), 1);
});

test('logging out offline ends the session here', async () => {
  const service = new MemoryService();
  const storage = memoryStorage();
  let online = true;
  const { client } = clientOf(service, {
    storage,
    transport: request => (online ? service.transport(request) : exchangeOf(Promise.reject(new Error('offline')))),
  });
  await client.getSession();
  online = false;
  assert.equal((await client.logOut()).ok, false);
  assert.deepEqual(storage.keys(), []);
});

test('a login that is under way at a logout counts no longer, also for the next user', async () => {
  const service = new MemoryService();
  let user = 'xiaoming';
  const [asked, released, ended] = [gate(), gate(), gate()];
  const { client } = clientOf(service, {
    login: () => user,
    transport: request => {
      if (request.method === 'DELETE') ended.open();
      if (!request.body?.includes('xiaoming')) return service.transport(request);
      asked.open();
      return exchangeOf(released.opened.then(() => service.answer(request)));
    },
  });
  const late = client.getSession();
  await asked.opened;
  assert.equal((await client.logOut()).ok, true); // does not wait for the network
  user = 'xiaohong';
  assert.equal((await client.getSession()).ok, true);
  released.open();
  assert.equal((await late).ok, false);
  await ended.opened;
  const still = await client.getSession();
  assert.deepEqual(still.ok && still.data.user.id, 'xiaohong');
  assert.deepEqual(Array.from(service.tokens.values()), ['xiaohong']);
});

test('unsent drawings wait for the user who drew them', async () => {
  const service = new MemoryService();
  let user = 'xiaoming';
  let online = true;
  const { client } = clientOf(service, {
    login: () => user,
    transport: request => (online ? service.transport(request) : exchangeOf(Promise.reject(new Error('offline')))),
  });
  await client.getSession();
  online = false;
  client.drawings.save('d1', drawing('mine'));
  await client.drawings.flush();
  await client.logOut();
  online = true;
  await client.drawings.flush();
  assert.equal(service.drawings.size, 0);

  user = 'xiaohong';
  await client.getSession();
  await client.drawings.flush();
  assert.equal(service.drawings.size, 0);

  await client.logOut();
  user = 'xiaoming';
  await client.logIn({ body: { code: 'xiaoming' } });
  await client.drawings.flush();
  assert.deepEqual(service.titles(), { d1: 'mine' });
});

test('what one user has unsent is not shown to another', async () => {
  const service = new MemoryService();
  const storage = memoryStorage();
  let user = 'xiaoming';
  let online = false;
  const { client } = clientOf(service, {
    login: () => user,
    storage,
    transport: request =>
      request.method === 'PUT' && !online
        ? exchangeOf(Promise.reject(new Error('offline')))
        : service.transport(request),
  });
  await client.getSession();
  client.drawings.save('d1', drawing('xiaoming'));
  await client.drawings.flush();
  await client.logOut();
  assert.deepEqual(client.drawings.unsent(), []);
  user = 'xiaohong';
  await client.getSession();
  client.drawings.save('d2', drawing('xiaohong'));
  await client.drawings.flush();
  assert.deepEqual(
    client.drawings.unsent().map(({ id }) => id),
    ['d2'],
  );
  assert.equal(client.drawings.state('d1'), undefined);
  const opened = await client.drawings.open('d1');
  assert.equal(opened.ok || opened.problem.code, 'ERR_NOT_FOUND');
  assert.equal((await client.deleteAccount()).ok, true);
  user = 'xiaoming';
  await client.getSession();
  assert.deepEqual(
    client.drawings.unsent().map(({ id }) => id),
    ['d1'],
  );
  const saved = new Promise<void>(resolve =>
    client.drawings.subscribe(({ status }) => status === 'saved' && resolve()),
  );
  online = true;
  await saved;
  assert.deepEqual(service.titles(), { d1: 'xiaoming' });
});

test('a login by whatever request sends what waited for it', async () => {
  const service = new MemoryService();
  const { client } = clientOf(service);
  await client.getSession();
  await client.logOut();
  client.drawings.save('d1', drawing('mine'));
  await client.drawings.flush();
  assert.equal(service.drawings.size, 0);
  const saved = new Promise<void>(resolve =>
    client.drawings.subscribe(({ status }) => status === 'saved' && resolve()),
  );
  await client.getSession();
  await saved;
  assert.deepEqual(service.titles(), { d1: 'mine' });
});

for (const [what, next] of [
  ['logs out', undefined],
  ['is another by then', 'xiaohong'],
] as const) {
  test(`a request is not repeated where its user ${what}`, async () => {
    const service = new MemoryService();
    let login = 'xiaoming';
    const { client } = clientOf(service, {
      login: () => login,
      transport: request => {
        if (request.method !== 'PUT') return service.transport(request);
        login = next ?? login;
        const change = next ? client.logIn({ body: { code: next } }) : client.logOut();
        service.tokens.delete(request.headers['Authorization']!.replace('Bearer ', ''));
        return exchangeOf(change.then(() => service.answer(request)));
      },
    });
    await client.getSession();
    const result = await client.putDrawing({ id: 'd1', ifNoneMatch: '*', body: drawing('mine') });
    assert.equal(result.ok || result.problem.code, 'ERR_SESSION_EXPIRED');
    assert.equal(service.drawings.size, 0);
    assert.equal(service.tokens.size, next ? 1 : 0);
  });
}

test('a deleted account leaves nothing here', async () => {
  const service = new MemoryService();
  const storage = memoryStorage();
  const { client } = clientOf(service, {
    storage,
    transport: request => {
      if (request.method === 'PUT') return exchangeOf(Promise.reject(new Error('offline')));
      return service.transport(request);
    },
  });
  service.write('d1', drawing('before'));
  await client.drawings.open('d1');
  client.drawings.save('d1', drawing('unsent'));
  await client.drawings.flush();
  const told: string[] = [];
  client.drawings.subscribe(({ id, status }) => told.push(`${id} ${status}`));
  assert.equal((await client.deleteAccount()).ok, true);
  assert.deepEqual(storage.keys(), []);
  assert.deepEqual(client.drawings.unsent(), []);
  assert.deepEqual(told, ['d1 deleted']);
});
