import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import type * as Library from '../src/index.ts';
import { type Binary, startBinary } from './support/binary.ts';
import { drawing } from './support/drawings.ts';

const library = readFileSync(new URL('../dist/esm/index.js', import.meta.url));
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const html = `<!doctype html><title>test</title><script type="module">
  import { createClient, fetchTransport, webStorage, xhrTransport } from './client.js';
  const of = transport => createClient({
    baseUrl: '',
    transport,
    storage: webStorage(localStorage),
    login: async () => (await (await fetch('/simulator/login', { method: 'POST', body: '{"user":"小明"}' })).json()).code,
  });
  globalThis.client = of(fetchTransport(fetch));
  globalThis.xhrClient = of(xhrTransport(XMLHttpRequest));
</script>`;

let service: Binary;
let browser: Browser;
let page: Page;

before(async () => {
  [service, browser] = await Promise.all([
    startBinary(),
    chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: flags }),
  ]);
  page = await browser.newPage();
  await page.route('**/test/', route => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
  await page.route('**/test/client.js', route => route.fulfill({ contentType: 'text/javascript', body: library }));
  await open();
});
after(() => Promise.all([browser.close(), service.stop()]));

/** Loads the page anew, with a client of 小明's in it that keeps all in localStorage. */
async function open(): Promise<void> {
  await page.goto(service.baseUrl + '/test/');
  await page.waitForFunction('globalThis.client');
}

declare const client: Library.Client;
declare const xhrClient: Library.Client;

test('a drawing is made, seen, and fetched again in a browser', async () => {
  const id = '6f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d2';
  const [list, unchanged, png] = await page.evaluate(
    async ({ id, content }) => {
      client.drawings.save(id, content);
      await client.drawings.flush();
      const whole = await client.getDrawing({ id });
      return [
        await client.listDrawings(),
        await client.getDrawing({ id, ifNoneMatch: whole.ok ? whole.etag : '' }),
        await client.getDrawingImage({ id, format: 'png' }).then(r => r.ok && r.data.byteLength),
      ] as const;
    },
    { id, content: drawing('一笔猫') },
  );
  assert.ok(list.ok);
  assert.deepEqual(
    list.data.items.map(({ title }) => title),
    ['一笔猫'],
  );
  assert.ok(unchanged.ok && unchanged.data === null);
  assert.ok(Number(png) > 0);
});

test('a drawing that was made offline is sent after the page is loaded anew', async () => {
  const id = '7f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d3';
  await page.context().setOffline(true);
  const waiting = await page.evaluate(
    async ({ id, content }) => {
      client.drawings.save(id, content);
      await client.drawings.flush();
      return client.drawings.state(id);
    },
    { id, content: drawing('offline') },
  );
  assert.ok(waiting?.status === 'waiting' && waiting.problem?.code === 'NETWORK_FAILED');
  await page.context().setOffline(false);
  await open();
  const list = await page.evaluate(async () => {
    await client.drawings.flush();
    return client.listDrawings();
  });
  assert.deepEqual(list.ok && list.data.items.map(({ title }) => title), ['offline', '一笔猫']);
});

test('an upload reports its progress, and an export is read, over both transports of a browser', async () => {
  const id = '8f1d2c3b-4a59-4e68-8d77-8c96a5b4c3d4';
  const content = drawing('large', 5000);
  const [progress, exported] = await page.evaluate(
    async ({ id, content }) => {
      const progress: [number, number][] = [];
      const created = await xhrClient.putDrawing(
        { id, ifNoneMatch: '*', body: content },
        {
          onUpload(...of) {
            progress.push(of);
          },
        },
      );
      if (!created.ok || !created.etag) throw new Error(JSON.stringify(created));
      const exported: string[][] = [];
      for (const each of [client, xhrClient]) {
        const ids: string[] = [];
        for await (const drawing of each.exportDrawings())
          ids.push(drawing.ok ? drawing.data.id : drawing.problem.code);
        exported.push(ids);
      }
      return [progress, exported] as const;
    },
    { id, content },
  );
  const total = Buffer.byteLength(JSON.stringify(content));
  assert.deepEqual(progress.at(-1), [total, total]);
  assert.equal(exported[0]!.length, 3);
  assert.ok(exported[0]!.includes(id));
  assert.deepEqual(exported[1], exported[0]);
});

test('a cancelled request and a late one end as what they are in a browser', async () => {
  await page.route('**/v1/drawings', () => {}); // which leaves them without an answer
  const codes = await page.evaluate(async () => {
    const call = client.listDrawings();
    call.cancel();
    const results = [await call, await client.listDrawings({}, { timeoutMs: 0, retries: 0 })];
    return results.map(result => (result.ok ? 'ok' : result.problem.code));
  });
  assert.deepEqual(codes, ['CANCELLED', 'TIMED_OUT']);
});
