import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desktop, line, phone, type Stage, saved, setUp, Visitor } from './support.ts';

const token = 'operators-of-the-tests-5757575757575757';

let stage: Stage;
before(async () => (stage = await setUp({ ADMIN_TOKEN: token })));
after(() => stage.close());

test('a question stays until the service has answered', async () => {
  const author = stage.clientOf('slow');
  const share = await author.shareDrawing({ id: await saved(author, line('reported')) });
  assert.ok(share.ok);
  const report = await author.reportSharedDrawing({ token: share.data.token, body: { reason: 'abuse' } });
  assert.ok(report.ok);
  const operator = await Visitor.come(stage, desktop);
  operator.expect(/^layout shift/); // what is listed comes after the login
  const { page } = operator;
  const release = await operator.stall('**/decisions');
  await page.goto(`${operator.base}/admin`);
  await page.locator('[name=name]').fill('小红');
  await page.locator('[name=token]').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Take down' }).first().click();
  await page.locator('dialog [name=note]').fill('seen');
  const asked = page.waitForRequest('**/decisions');
  await page.keyboard.press('Enter');
  await asked;
  for (let i = 0; i < 3; i++) await page.keyboard.press('Escape');
  assert.ok(await page.locator('dialog[open]').getByRole('button', { name: 'Cancel' }).isDisabled());
  release();
  await page.locator('#message', { hasText: 'Done: Take down' }).waitFor();
  await page.locator('dialog:not([open])').waitFor({ state: 'attached' });
  await operator.leave();
});

test('where storage is forbidden an operator can log in and leave', async () => {
  const operator = await Visitor.come(stage, desktop);
  operator.expect(/^layout shift/); // what is listed comes after the login
  const { page } = operator;
  await operator.forbidStorage();
  await page.goto(`${operator.base}/admin`);
  await page.locator('[name=name]').fill('小红');
  await page.locator('[name=token]').fill(token);
  await page.keyboard.press('Enter');
  await page.locator('#leave').click();
  await page.locator('[name=token]:focus').waitFor();
  await operator.leave();
});

test('the keyboard stays where the work is, and an error ends with what succeeds', async () => {
  const author = stage.clientOf('keys');
  for (const title of ['first', 'second']) {
    const share = await author.shareDrawing({ id: await saved(author, line(title)) });
    assert.ok(share.ok);
    assert.ok((await author.reportSharedDrawing({ token: share.data.token, body: { reason: 'abuse' } })).ok);
  }
  const operator = await Visitor.come(stage, desktop);
  operator.expect(/^layout shift|ERR_INTERNET_DISCONNECTED/);
  const { page } = operator;
  await page.goto(`${operator.base}/admin`);
  await page.locator('[name=name]').fill('小红');
  await page.locator('[name=token]').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Approve' }).first().focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog[open] [name=note]').fill('seen');
  await page.keyboard.press('Enter');
  await page.locator('#message', { hasText: 'Done: Approve' }).waitFor();
  await page.locator('#items > li:focus').waitFor();
  await page.getByRole('button', { name: 'What the user shows' }).first().focus();
  await page.keyboard.press('Enter');
  await page.locator('#title:focus', { hasText: 'What the user shows' }).waitFor();

  await operator.context.setOffline(true);
  await page.getByRole('button', { name: 'Trail' }).click();
  await page.locator('#message', { hasText: 'cannot be reached' }).waitFor();
  await operator.context.setOffline(false);
  await page.getByRole('button', { name: 'More' }).click();
  await page.locator('#items > li:focus').waitFor();
  assert.equal(await page.locator('#message').textContent(), '');
  await operator.leave();
});

const narrow = { ...phone, viewport: { width: 320, height: 568 } };
for (const [name, options, words] of [
  ['on a narrow phone, in Chinese', narrow, ['下架', '操作记录']],
  ['on a narrow phone in the dark', { ...narrow, colorScheme: 'dark' as const }, ['下架', '操作记录']],
  ['on a desktop, in English', desktop, ['Take down', 'Trail']],
  ['on a desktop in the dark', { ...desktop, colorScheme: 'dark' as const }, ['Take down', 'Trail']],
] as const) {
  test(`operators can work with the keyboard, nothing is cut off, and axe finds nothing: ${name}`, async () => {
    const author = stage.clientOf(name);
    const id = await saved(author, line('一笔'.repeat(20)));
    const share = await author.shareDrawing({ id });
    assert.ok(share.ok);
    const report = await author.reportSharedDrawing({
      token: share.data.token,
      body: { reason: 'abuse', note: 'w'.repeat(200) },
    });
    assert.ok(report.ok);

    const operator = await Visitor.come(stage, options);
    operator.expect(/^layout shift/); // pictures come after their texts
    const { page } = operator;
    const look = async () => {
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
      assert.deepEqual(await operator.violations(), []);
    };
    await page.goto(`${operator.base}/admin`);
    await page.locator('[name=name]:focus').waitFor();
    await look();
    await page.keyboard.type('小红');
    await page.keyboard.press('Tab');
    await page.keyboard.type(token);
    await page.keyboard.press('Enter');

    const [takeDown, trail] = words;
    await page.locator('#items img').first().waitFor();
    await look();
    if (process.env['SCREENSHOTS'])
      await page.screenshot({ path: `${process.env['SCREENSHOTS']}/admin ${name}.png`, fullPage: true });
    await page.getByRole('button', { name: takeDown }).first().focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await look();
    if (process.env['SCREENSHOTS'])
      await page.screenshot({ path: `${process.env['SCREENSHOTS']}/admin dialog ${name}.png` });
    await page.keyboard.press('Escape');
    await page.locator('dialog:not([open])').waitFor({ state: 'attached' });
    await page.keyboard.press('Enter'); // the button has the focus again
    await page.locator('dialog[open] [name=reason]:focus').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('seen');
    await page.keyboard.press('Enter');
    await page.locator('#message', { hasText: takeDown }).waitFor();

    await page.getByRole('button', { name: trail }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#items h3', { hasText: takeDown }).first().waitFor();
    await look();
    await operator.leave();
  });
}
