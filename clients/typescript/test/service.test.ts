import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createRequest } from '../src/2017.ts';
import * as library from '../src/index.ts';
import {
  type Client,
  cloudTransport,
  createClient,
  fetchTransport,
  memoryStorage,
  newId,
  pages,
  type Result,
  type Transport,
  wxLogin,
  wxStorage,
  wxTransport,
} from '../src/index.ts';
import type { WxAnswer } from '../src/wx.ts';
import { type Binary, startBinary } from './support/binary.ts';
import { chaos } from './support/chaos.ts';
import { seeded } from './support/clock.ts';
import { FakeCloud } from './support/cloud.ts';
import { drawing } from './support/drawings.ts';
import { FakeWx } from './support/wx.ts';

let service: Binary;
before(async () => void (service = await startBinary()));
after(() => service.stop());

const user = () => `user ${newId()}`;

function overFetch(name = user(), transport: Transport = fetchTransport(fetch)): Client {
  return createClient({
    baseUrl: service.baseUrl,
    transport,
    login: () => service.phone(name).then(({ code }) => code),
  });
}

function overWx(name = user()): { client: Client; wx: FakeWx } {
  const wx = new FakeWx(() => service.phone(name));
  return {
    wx,
    client: createClient({
      baseUrl: service.baseUrl,
      transport: wxTransport(wx),
      login: wxLogin(wx),
      storage: wxStorage(wx),
    }),
  };
}

function overCloud(name = user()): { client: Client; cloud: FakeCloud } {
  const cloud = new FakeCloud(service.baseUrl);
  return {
    cloud,
    client: createClient({
      baseUrl: '',
      transport: cloudTransport(cloud, { env: 'env', service: 'onestroke' }),
      login: () => service.phone(name).then(({ code }) => code),
    }),
  };
}

for (const [runtime, start] of [
  ['fetch', () => overFetch()],
  ['wx', () => overWx().client],
  ['Cloud Run', () => overCloud().client],
] as const) {
  test(`a drawing's life over ${runtime}`, async () => {
    const client = start();
    const id = newId();

    const created = await client.putDrawing({ id, ifNoneMatch: '*', body: drawing('一笔猫') });
    assert.ok(created.ok);
    assert.equal(created.data.revision, 1);
    const unchanged = await client.getDrawing({ id, ifNoneMatch: created.etag });
    assert.ok(unchanged.ok && unchanged.data === null);
    const replaced = await client.putDrawing({ id, ifMatch: created.etag, body: drawing('一笔狗', 5) });
    assert.ok(replaced.ok && replaced.etag !== created.etag);
    const late = await client.putDrawing({ id, ifMatch: created.etag, body: drawing('late') });
    assert.equal(late.ok || late.problem.code, 'ERR_PRECONDITION_FAILED');
    const whole = await client.getDrawing({ id });
    assert.ok(whole.ok && whole.etag === replaced.etag);
    assert.deepEqual(whole.data.strokes, drawing('', 5).strokes);

    for (const title of ['second', 'third'])
      assert.ok((await client.putDrawing({ id: newId(), ifNoneMatch: '*', body: drawing(title) })).ok);
    const titles: string[] = [];
    for await (const page of pages(client.listDrawings, { limit: 2 })) {
      assert.ok(page.ok);
      titles.push(...page.data.items.map(({ title }) => title));
    }
    assert.deepEqual(titles, ['third', 'second', '一笔狗']);

    const svg = await client.getDrawingImage({ id, width: 64, format: 'svg' });
    assert.ok(svg.ok && svg.data.startsWith('<svg'));
    const png = await client.getDrawingImage({ id, width: 64, format: 'png' });
    assert.ok(png.ok);
    assert.deepEqual(Array.from(new Uint8Array(png.data).slice(0, 4)), [0x89, 0x50, 0x4e, 0x47]);
    const none = await client.getDrawingImage({ id: newId(), format: 'png' });
    assert.equal(none.ok || none.problem.code, 'ERR_NOT_FOUND');

    const share = await client.shareDrawing({ id });
    assert.ok(share.ok);
    const shared = await start().getSharedDrawing({ token: share.data.token });
    assert.ok(shared.ok && shared.data.title === '一笔狗');
    const code = await client.getShareCode({ id });
    assert.ok(code.ok && Buffer.from(code.data).subarray(1, 4).toString() === 'PNG');
    const known = await client.getShareCode({ id, ifNoneMatch: code.etag! });
    assert.ok(known.ok && known.data === null);
    assert.ok((await client.unshareDrawing({ id })).ok);

    const ids: string[] = [];
    for await (const exported of client.exportDrawings())
      ids.push(exported.ok ? exported.data.id : exported.problem.code);
    assert.equal(ids.length, 3);
    assert.equal(ids[0], id);
    assert.ok((await client.putProfile({ body: { nickname: '小明' } })).ok);
    const lines: string[] = [];
    for await (const line of client.exportDrawings({ profile: true }))
      lines.push(
        !line.ok ? line.problem.code : 'profile' in line.data ? `${line.data.profile.nickname}` : line.data.id,
      );
    assert.deepEqual(lines, [...ids, '小明']);

    assert.ok((await client.deleteDrawing({ id })).ok);
    const gone = await client.getDrawing({ id });
    assert.equal(gone.ok || gone.problem.code, 'ERR_NOT_FOUND');
    assert.ok((await client.deleteAccount()).ok);
    const after = await client.listDrawings();
    assert.deepEqual(after.ok && after.data.items, []);
  });

  test(`a refused request names its faults over ${runtime}`, async () => {
    const result = await start().putDrawing({
      id: newId(),
      ifNoneMatch: '*',
      body: { ...drawing('cat'), canvas: { width: 0, height: 1 } },
    });
    assert.ok(!result.ok && result.problem.code === 'ERR_INVALID_REQUEST');
    assert.equal(result.problem.errors?.[0]?.field, 'canvas.width');
  });

  test(`the outbox brings, changes and takes away over ${runtime}`, async () => {
    const client = start();
    const [one, two] = [newId(), newId()];
    client.drawings.save(one, drawing('1'));
    client.drawings.save(two, drawing('2'));
    await client.drawings.flush();
    client.drawings.save(one, drawing('1, changed'));
    client.drawings.remove(two);
    await client.drawings.flush();
    const list = await client.listDrawings();
    assert.deepEqual(list.ok && list.data.items.map(({ title }) => title), ['1, changed']);
  });
}

test('the start that the README shows works as it stands there', async () => {
  const start = /```ts\n([\s\S]*?)```/.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8'))![1]!;
  const [, names, body] = /^import \{ (.+?) \} from .*\n([\s\S]*)$/.exec(start)!;
  const name = user();
  const wx = new FakeWx(() => service.phone(name));
  const program = new Function(
    'library',
    'wx',
    'strokes',
    `const { ${names} } = library; return (async () => { ${body!.replace(/https:[^']+/, service.baseUrl)} return { client, page }; })()`,
  );
  const { client, page } = (await program(library, wx, drawing('').strokes)) as {
    client: Client;
    page: Result<unknown>;
  };
  assert.ok(page.ok);
  await client.drawings.flush();
  const list = await client.listDrawings();
  assert.equal(list.ok && list.data.items.length, 1);
});

test('two devices of one user get to know of their conflict, and end it', async () => {
  const name = user();
  const [phone, tablet] = [overFetch(name), overFetch(name)];
  const id = newId();
  phone.drawings.save(id, drawing('first'));
  await phone.drawings.flush();
  assert.ok((await tablet.drawings.open(id)).ok);
  phone.drawings.save(id, drawing('on the phone'));
  await phone.drawings.flush();
  tablet.drawings.save(id, drawing('on the tablet'));
  await tablet.drawings.flush();
  const state = tablet.drawings.state(id);
  assert.ok(state?.status === 'conflict');
  assert.equal(state.theirs?.title, 'on the phone');
  tablet.drawings.resolve(id, drawing('on both'));
  await tablet.drawings.flush();
  const end = await phone.getDrawing({ id });
  assert.equal(end.ok && end.data.title, 'on both');
});

test('a mini program that begins with thirty requests logs in once, and has ten under way', async () => {
  const { client, wx } = overWx();
  const results = await Promise.all(Array.from({ length: 30 }, () => client.getSession()));
  assert.ok(results.every(result => result.ok));
  assert.equal(wx.logins, 1);
  assert.equal(wx.most, 10);
});

test('a session that was ended elsewhere is renewed unseen', async () => {
  const name = user();
  const [phone, tablet] = [overFetch(name), overWx(name)];
  assert.ok((await tablet.client.getSession()).ok);
  assert.ok((await phone.endOtherSessions()).ok);
  await untilEqual(async () => ((await tablet.client.getSession()).ok ? tablet.wx.logins : 0), 2);
  assert.ok((await tablet.client.logOut()).ok);
  const sessions = await phone.listSessions();
  assert.equal(sessions.ok && sessions.data.items.length, 1);
});

test('an aborted request is aborted on the wire', async () => {
  const { client, wx } = overWx();
  await client.getSession();
  const call = client.listDrawings();
  await untilEqual(async () => wx.running, 1);
  call.cancel();
  const result = await call;
  assert.equal(result.ok || result.problem.code, 'CANCELLED');
  await untilEqual(async () => wx.running, 0);
});

test('a program of 2017 works with its import changed', async () => {
  const wx = new FakeWx(() => service.phone('小明'));
  const request = createRequest(wx);
  const call = (path: string, data?: object) =>
    new Promise<WxAnswer['data']>((success, fail) =>
      request({
        url: `${service.baseUrl}/applet/session/paints/${path}`,
        method: data ? 'POST' : 'GET',
        data,
        login: true,
        success: ({ data }) => success(data),
        fail,
      }),
    );
  const actions = '[{"method":"setLineWidth","data":[5]}] 任何东西';
  assert.deepEqual(await call('save', { id: 'j8x3k2m1q9w0zt', actions }), { code: 0, msg: 'success', data: {} });
  assert.deepEqual(await call('list'), { code: 0, msg: 'success', data: [{ id: 'j8x3k2m1q9w0zt', actions }] });
  assert.deepEqual(await call('delete', { id: 'j8x3k2m1q9w0zt' }), { code: 0, msg: 'success', data: {} });
  assert.equal(wx.logins, 1);
  const session = createClient({
    baseUrl: service.baseUrl,
    transport: wxTransport(wx),
    login: () => service.phone('小明'),
  });
  const me = await session.getSession();
  assert.equal(me.ok && me.data.user.nickname, '小明');
});

test('after a storm, service and client hold the same drawings', async () => {
  for (const seed of [1, 2, 3]) {
    const random = seeded(seed);
    const weather = { lostRequests: 0.25, lostReplies: 0.25, silent: 0, delayMs: 5 }; // nothing hangs on a real time-out
    const storage = memoryStorage();
    const name = user();
    const start = () =>
      createClient({
        baseUrl: service.baseUrl,
        login: () => service.phone(name).then(({ code }) => code),
        storage,
        random,
        transport: chaos(fetchTransport(fetch), weather, random, ms => setTimeout(ms)),
      });
    const client = start();
    const ids = [newId(), newId(), newId()];
    const expected = new Map<string, string>();
    for (let step = 0; step < 30; step++) {
      const id = ids[Math.floor(random() * ids.length)]!;
      if (random() < 0.8) {
        client.drawings.save(id, drawing(`step ${step}`));
        expected.set(id, `step ${step}`);
      } else {
        client.drawings.remove(id);
        expected.delete(id);
      }
      await client.drawings.flush();
    }
    Object.assign(weather, { lostRequests: 0, lostReplies: 0 });
    await client.drawings.flush(); // a try that was under way may still be lost
    await client.drawings.flush();
    assert.deepEqual(client.drawings.unsent(), []);
    const list = await client.listDrawings();
    assert.ok(list.ok);
    assert.deepEqual(
      new Map(list.data.items.map(({ id, title }) => [id, title] as const).sort()),
      new Map(Array.from(expected).sort()),
    );
  }
});

async function untilEqual<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await read()) !== expected) {
    assert.ok(Date.now() < deadline, `not ${String(expected)} within a minute`);
    await setImmediate(); // or nothing else happens
  }
}

test('a drawing as large as the contract allows passes Cloud Run, as bytes', async () => {
  const { client, cloud } = overCloud();
  const id = newId();
  const points = Array.from({ length: 5000 }, (_, i) => i);
  const [x, y] = [points.map(i => 60_000 + (i % 1000)), points.map(i => 50_000 + (i % 999))];
  const content = drawing('四笔');
  const stroke = { ...content.strokes[0]!, x, y, t: points.map(i => 10_000_000 + 16 * i) };
  content.strokes = [stroke, stroke, stroke, stroke];
  assert.ok(JSON.stringify(content).length > 400_000);
  const created = await client.putDrawing({ id, ifNoneMatch: '*', body: content });
  assert.ok(created.ok, JSON.stringify(created));
  assert.deepEqual(cloud.bodies, ['string', 'object']); // the login, the drawing
  const whole = await client.getDrawing({ id });
  assert.ok(whole.ok);
  assert.deepEqual(whole.data.strokes, content.strokes);
});

for (const [runtime, start] of [
  ['fetch', () => overFetch()],
  ['wx', () => overWx().client],
] as const) {
  test(`an export arrives while it is sent over ${runtime}`, async () => {
    const client = start();
    const ids = Array.from({ length: 30 }, newId);
    for (const id of ids) assert.ok((await client.putDrawing({ id, ifNoneMatch: '*', body: drawing('一笔', 500) })).ok);
    const exported: { id: string; createdAt: string }[] = [];
    for await (const result of client.exportDrawings()) {
      assert.ok(result.ok && result.data.strokes.length === 1);
      exported.push(result.data);
    }
    assert.deepEqual(exported.map(d => d.id).sort(), ids.sort());
    // Drawings of one millisecond have no order among them.
    const times = exported.map(d => Date.parse(d.createdAt));
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
  });
}
