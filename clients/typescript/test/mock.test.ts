import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { type Client, createClient, fetchTransport, type Result } from '../src/index.ts';
import { drawing } from './support/drawings.ts';

// What `make mock` runs answers with the examples of the contract, and here with 4xx to what breaks it.
const mock = spawn(process.execPath, [new URL('../../../tools/mock.mjs', import.meta.url).pathname, '0', '--errors'], {
  env: { ...process.env, PRISM: new URL('../node_modules/.bin/prism', import.meta.url).pathname },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(mock, 'exit');
let client: Client;

before(async () => {
  for await (const line of createInterface({ input: mock.stdout })) {
    const baseUrl = /the mock serves on (http:\S+\d)/.exec(line)?.[1];
    if (!baseUrl) continue;
    mock.stdout.resume();
    client = createClient({
      baseUrl,
      transport: fetchTransport(fetch),
      login: () => '0d3Yz1Ga1qXk8L0pEwFa1fK2oB1Yz1G9',
    });
    return;
  }
  throw new Error('the mock did not start');
});
after(async () => {
  mock.kill();
  await exited;
});

const id = '6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2';
const sessionId = '5mC3xQ8kT1uB7nR2sV9wYA';
const token = 'kT1uB7nR2sV9wYA5mC3xQw';
const paint = { id: 'j8x3k2m1q9w0zt', actions: '[]' };

// Prism knows how to write JSON and text, so it has no contract as YAML.
const calls: {
  [Id in Exclude<keyof Client, 'drawings' | 'token' | 'getContractYaml' | 'getCurrentContractYaml'>]: () => Promise<
    Result<unknown>
  >;
} = {
  logIn: () => client.logIn({ body: { code: '0d3Yz1Ga1qXk8L0pEwFa1fK2oB1Yz1G9' } }),
  getSession: () => client.getSession(),
  listSessions: () => client.listSessions(),
  endOtherSessions: () => client.endOtherSessions(),
  endSession: () => client.endSession({ id: sessionId }),
  listDrawings: () => client.listDrawings({ limit: 20, cursor: 'AAABogJE6HtvHSw7SllOaI13jJaltMPS', thumbnail: 'none' }),
  getDrawing: () => client.getDrawing({ id, ifNoneMatch: '"1-5mC3xQ8kT1u"' }),
  putDrawing: () => client.putDrawing({ id, ifNoneMatch: '*', body: drawing('一笔猫') }),
  deleteDrawing: () => client.deleteDrawing({ id }),
  getDrawingImage: () => client.getDrawingImage({ id, width: 256, animate: true, format: 'svg' }),
  shareDrawing: () => client.shareDrawing({ id }),
  getShare: () => client.getShare({ id }),
  getShareCode: () => client.getShareCode({ id }),
  unshareDrawing: () => client.unshareDrawing({ id }),
  getSharedDrawing: () => client.getSharedDrawing({ token }),
  getSharedDrawingImage: () => client.getSharedDrawingImage({ token, format: 'svg' }),
  reportSharedDrawing: () => client.reportSharedDrawing({ token, body: { reason: 'abuse' } }),
  getProfile: () => client.getProfile(),
  putProfile: () => client.putProfile({ body: { nickname: '小明' } }),
  deleteProfile: () => client.deleteProfile(),
  deleteAvatar: () => client.deleteAvatar(),
  exportDrawings: async () => (await client.exportDrawings().next()).value!,
  listPaints: () => client.listPaints(),
  savePaint: () => client.savePaint({ body: paint }),
  deletePaint: () => client.deletePaint({ body: { id: paint.id } }),
  livez: () => client.livez(),
  readyz: () => client.readyz(),
  getContractJson: () => client.getContractJson(),
  getCurrentContractJson: () => client.getCurrentContractJson(),
  deleteAccount: () => client.deleteAccount(),
  logOut: () => client.logOut(),
};
for (const [operation, call] of Object.entries(calls)) {
  test(`the contract allows what ${operation} sends, and the client reads what it may answer`, async () => {
    const result = await call();
    assert.ok(result.ok, JSON.stringify(result));
  });
}

const pictures = {
  getDrawingImage: () => client.getDrawingImage({ id, format: 'png' }),
  getSharedDrawingImage: () => client.getSharedDrawingImage({ token, format: 'png' }),
  getShareCode: () => client.getShareCode({ id }),
};
for (const [operation, call] of Object.entries(pictures)) {
  test(`the mock has a PNG for ${operation}`, async () => {
    const result = await call();
    assert.ok(result.ok, JSON.stringify(result));
    const bytes = Buffer.from(result.data);
    const data = bytes.indexOf('IDAT') + 4;
    assert.equal(bytes.toString('latin1', 0, 8), '\x89PNG\r\n\x1a\n');
    assert.equal(inflateSync(bytes.subarray(data, data + bytes.readUInt32BE(data - 8))).length, 5); // a pixel and its filter
    assert.equal(bytes.toString('latin1', bytes.length - 8), 'IEND\xaeB`\x82');
  });
}

test('the mock has an SVG for who asks for one, also of a shared drawing', async () => {
  for (const picture of [
    await client.getDrawingImage({ id, format: 'svg' }),
    await client.getSharedDrawingImage({ token, format: 'svg' }),
  ])
    assert.match(picture.ok ? Buffer.from(picture.data).toString() : '', /^<svg/);
});

test('the export of the mock ends with the profile', async () => {
  const lines = [];
  for await (const line of client.exportDrawings({ profile: true })) lines.push(line);
  assert.ok(lines.length > 1 && lines.every(({ ok }) => ok));
  const last = lines[lines.length - 1]!;
  assert.ok(last.ok && 'profile' in last.data);
});

test('the mock refuses what breaks the contract', async () => {
  const result = await client.putDrawing({ id: 'no-uuid', ifNoneMatch: '*', body: drawing('cat') }, { retries: 0 });
  assert.equal(result.ok, false);
});
