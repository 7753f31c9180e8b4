import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desktop, phone, type Stage, setUp, Visitor } from './support.ts';

let stage: Stage;
before(async () => (stage = await setUp()));
after(() => stage.close());

async function atDocs(options = desktop): Promise<Visitor> {
  const guest = await Visitor.come(stage, options);
  guest.expect(/^layout shift/); // what is opened and answered takes room
  await guest.page.goto(`${guest.base}/docs`);
  return guest;
}

async function logIn({ page }: Visitor): Promise<void> {
  await page.locator('#login button').click();
  await page.locator('#login output:has-text("小明")').waitFor();
}

/** Opens an operation, executes it as it is offered, and returns the status of the answer. */
async function execute({ page }: Visitor, id: string): Promise<string> {
  const operation = page.locator(`#${id}`);
  if (!(await operation.evaluate((details: HTMLDetailsElement) => details.open)))
    await operation.locator('> summary').click();
  await operation.locator('.btn.execute').click();
  const status = await operation.locator('.live-responses-table .response .response-col_status').first().textContent();
  await operation.locator('> summary').click();
  return status!.trim();
}

/** The ids of the operations in a part of the page. */
const idsIn = ({ page }: Visitor, part: string) =>
  page.locator(`${part} .operation`).evaluateAll(all => all.map(({ id }) => id));

/** The sections of what a user has no use for. */
const ofOthers = 'h2:text-matches("^(wechat|operator)$")';

test('what WeChat and operators call can be read, and not tried', async () => {
  const guest = await atDocs();
  for (const id of await idsIn(guest, `section:has(${ofOthers})`)) {
    const operation = guest.page.locator(`#${id}`);
    await operation.locator('> summary').click();
    await operation.locator('.opblock .responses-wrapper').waitFor();
    assert.equal(await operation.locator('.btn.execute, .try-out').count(), 0, id);
  }
  await guest.leave();
});

const deletes = (id: string) => /^(delete|end|unshare|logOut)/.test(id);
const orders: [name: string, order: (ids: string[]) => string[]][] = [
  ['in the order of the contract', ids => ids],
  ['what deletes before what reads', ids => [...ids].sort((a, b) => Number(deletes(b)) - Number(deletes(a)))],
];
for (const [name, order] of orders) {
  test(`after the login each Execute succeeds as it is offered: ${name}`, async () => {
    const guest = await atDocs();
    await logIn(guest);
    guest.expect(/401|404/); // what the page asks before it provides what is missing
    const ids = await idsIn(guest, `section:not(:has(${ofOthers}))`);
    assert.ok(ids.length > 20);
    const failed: string[] = [];
    for (const id of order(ids)) {
      const status = await execute(guest, id);
      if (!/^2\d\d/.test(status)) failed.push(`${id}: ${status}`);
    }
    assert.deepEqual(failed, []);
    await guest.leave();
  });
}

test('the login stays after a reload', async () => {
  const guest = await atDocs();
  await logIn(guest);
  await guest.page.reload();
  await guest.page.locator('#login output:has-text("小明")').waitFor();
  assert.match(await execute(guest, 'getSession'), /^200/);
  await guest.leave();
});

test('operations are found by words of both languages, by path and by name', async () => {
  const guest = await atDocs();
  const { page } = guest;
  const found = () => page.locator('.operation:visible').evaluateAll(all => all.map(({ id }) => id));
  for (const [wanted, ids] of [
    ['unshareDrawing', ['unshareDrawing']],
    ['导出', ['exportDrawings']],
    ['/v1/export', ['exportDrawings']],
    ['no such thing', []],
  ] as const) {
    await page.keyboard.press('/');
    await page.locator('#search').fill(wanted);
    assert.deepEqual(await found(), ids);
    await page.locator('#search').blur();
  }
  await page.getByText('Nothing found').waitFor();
  await guest.leave();
});

test('an operation that is opened without a network says so, and appears when it is opened later', async () => {
  const reader = await Visitor.come(stage, desktop);
  reader.expect(/ERR_INTERNET_DISCONNECTED|layout shift/);
  await reader.page.goto(`${reader.base}/docs`);
  await reader.context.setOffline(true);
  const operation = reader.page.locator('#getProfile');
  await operation.locator('summary').click();
  await operation.getByText('No network').waitFor();
  await reader.context.setOffline(false);
  await operation.locator('summary').first().click();
  await operation.locator('summary').first().click();
  await operation.getByRole('button', { name: 'Execute' }).waitFor();
  assert.equal(await operation.getByText('No network').count(), 0);
  await reader.leave();
});

test('a request that cannot be prepared is sent as it is, and its answer is shown', async () => {
  const guest = await atDocs();
  await logIn(guest);
  guest.expect(/400|502|ERR_INTERNET_DISCONNECTED/);
  const { page } = guest;
  const status = (id: string) => page.locator(`#${id} .live-responses-table .response .response-col_status`);
  await page.locator('#logIn > summary').click();
  await page.locator('#logIn textarea').fill('{"code":');
  await page.locator('#logIn .btn.execute').click();
  await status('logIn').filter({ hasText: '400' }).waitFor();

  await page.locator('#getProfile > summary').click();
  await page.locator('#getProfile .btn.execute').waitFor();
  const html = { status: 502, contentType: 'text/html', body: '<html>' };
  await page.route('**/v1/**', route => route.fulfill(html));
  await page.locator('#getProfile .btn.execute').click();
  await status('getProfile').filter({ hasText: '502' }).waitFor();
  await page.locator('#login button').click();
  await page.locator('#login output', { hasText: 'HTTP 502' }).waitFor();

  await guest.context.setOffline(true);
  await page.unroute('**/v1/**');
  await page.locator('#getProfile .btn.execute').click();
  await page.locator('#getProfile').getByText('Failed to fetch').waitFor();
  await page.locator('#login button').click();
  await page.locator('#login output', { hasText: 'No network' }).waitFor();
  await guest.leave();
});

test('a contract that a proxy refuses is asked for again', async () => {
  const guest = await atDocs();
  guest.expect(/503/);
  const { page } = guest;
  const refusal = { status: 503, contentType: 'application/json', body: '{"error":"busy"}' };
  await page.route('**/openapi.json', route => route.fulfill(refusal), { times: 1 });
  const operation = page.locator('#getProfile');
  await operation.locator('> summary').click();
  await operation.getByText('Open it again later').waitFor();
  for (let i = 0; i < 2; i++) await operation.locator('> summary').click();
  await operation.locator('.btn.execute').waitFor();
  await guest.leave();
});

test('forced colors are not inverted', async () => {
  const guest = await atDocs({ ...desktop, colorScheme: 'dark', forcedColors: 'active' });
  await guest.page.locator('#getProfile > summary').click();
  const place = guest.page.locator('#getProfile .ui');
  await place.locator('.btn.execute').waitFor();
  assert.equal(await place.evaluate(element => getComputedStyle(element).filter), 'none');
  await guest.leave();
});

test('it is read in both languages, and the choice stays', async () => {
  const guest = await atDocs();
  await guest.page.getByText('Exchange a login code for a token').waitFor();
  await guest.page.getByRole('button', { name: '中文' }).click();
  await guest.page.getByText('用登录 code 换取 token').waitFor();
  assert.equal(await guest.page.getByText('Exchange a login code for a token').isVisible(), false);
  await guest.page.reload();
  await guest.page.getByText('用登录 code 换取 token').waitFor();
  await guest.leave();
});

test('what is open is shown again in the language that is chosen', async () => {
  const guest = await atDocs();
  const { page } = guest;
  const deletion = page.locator('#deleteDrawing .ui');
  const isChinese = (text: string) => /\p{Script=Han}/u.test(text);
  await page.locator('#introduction > summary').click();
  for (const id of ['readyz', 'deleteDrawing']) await page.locator(`#${id} > summary`).click();
  await page.getByRole('heading', { name: 'Repeating a request' }).waitFor();
  await page.locator('#readyz').getByText('Ready, or degraded.').waitFor();
  await deletion.locator('.btn.execute').waitFor();
  assert.equal(isChinese((await deletion.textContent())!), false);

  await page.getByRole('button', { name: '中文' }).click();
  await page.getByRole('heading', { name: '重发请求' }).waitFor();
  for (const part of ['检查处理请求所需的条件', '就绪，或者降级。', '有一个存储不可读'])
    await page.locator('#readyz').getByText(part).waitFor();
  await deletion.getByText('要删除的画的').waitFor();
  const descriptions = page.locator('.ui').locator('.markdown p, .renderedMarkdown p, .markdown li');
  const shown = (await descriptions.allInnerTexts()).filter(text => text.trim());
  assert.ok(shown.length > 30);
  assert.deepEqual(
    shown.filter(text => !isChinese(text)),
    [],
    'in English',
  );
  assert.deepEqual(
    shown.filter(text => /[，。；：、]\s/u.test(text)),
    [],
    'with a line break that is shown as a space',
  );

  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Repeating a request' }).waitFor();
  await deletion.locator('.btn.execute').waitFor();
  assert.equal(isChinese((await deletion.textContent())!), false);
  await guest.leave();
});

test('the introduction is the contract’s', async () => {
  const guest = await atDocs();
  await guest.page.locator('#introduction > summary').click();
  await guest.page.getByRole('heading', { name: 'Repeating a request' }).waitFor();
  await guest.leave();
});

for (const [name, options] of [
  ['on a phone', { ...phone, viewport: { width: 390, height: 844 } }],
  ['on a narrow phone in the dark', { ...phone, viewport: { width: 320, height: 568 }, colorScheme: 'dark' as const }],
  ['on a desktop', desktop],
  ['on a desktop in the dark', { ...desktop, colorScheme: 'dark' as const }],
] as const) {
  test(`nothing is cut off, and axe finds nothing: ${name}`, async () => {
    const guest = await atDocs(options);
    await logIn(guest);
    for (const id of ['putDrawing', 'listDrawings', 'logIn']) {
      await guest.page.locator(`#${id} > summary`).click();
      await guest.page.locator(`#${id} .btn.execute`).waitFor();
    }
    await guest.page.locator('#listDrawings .btn.execute').click();
    await guest.page.locator('#listDrawings .live-responses-table').waitFor();
    const { width, wide } = await guest.page.evaluate(() => ({
      width: document.documentElement.scrollWidth - innerWidth,
      wide: Array.from(document.querySelectorAll('details[open] *'))
        .filter(
          element => element.getBoundingClientRect().right > innerWidth && !element.closest('pre, .highlight-code'),
        )
        .map(element => element.outerHTML.slice(0, 100)),
    }));
    assert.deepEqual([width, wide], [0, []]);
    if (process.env['SCREENSHOTS'])
      await guest.page.locator('#listDrawings').evaluate(element => element.scrollIntoView());
    if (process.env['SCREENSHOTS'])
      await guest.page.screenshot({ path: `${process.env['SCREENSHOTS']}/docs ${name}.png`, fullPage: false });
    assert.deepEqual(await guest.violations(), []);
    await guest.leave();
  });
}

test('where storage is forbidden operations can be tried, in the other language too', async () => {
  const guest = await Visitor.come(stage, desktop);
  guest.expect(/^layout shift/); // what is opened and answered takes room
  await guest.forbidStorage();
  await guest.page.goto(`${guest.base}/docs`);
  await guest.page.locator('#language').click();
  await logIn(guest);
  assert.equal(await execute(guest, 'listDrawings'), '200');
  await guest.leave();
});

test('before an operation is opened the page is a few kilobytes', async () => {
  const guest = await Visitor.come(stage, desktop);
  let bytes = 0;
  await guest.devtools.send('Network.enable');
  guest.devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await guest.page.goto(`${guest.base}/docs`, { waitUntil: 'networkidle' });
  assert.ok(bytes > 1_000 && bytes < 30_000, `${bytes} bytes`);
  await guest.leave();
});
