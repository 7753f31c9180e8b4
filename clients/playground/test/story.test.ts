import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desktop, line, phone, type Stage, saved, setUp, Visitor } from './support.ts';

let stage: Stage;
before(async () => (stage = await setUp()));
after(() => stage.close());

test('from the first sight to a saved drawing, and on to all that is done with it', async () => {
  const ming = await Visitor.come(stage, phone);
  const { page } = ming;
  await ming.logIn('小明');
  await page.getByText('在这里画一笔').waitFor(); // an empty gallery invites to draw
  await ming.touch([0.2, 0.5], [0.4, 0.5], [0.6, 0.5], [0.8, 0.5]);
  await ming.status('已保存');
  assert.equal(await ming.color(0.5, 0.5), '102,102,102');
  await page.getByLabel('标题').fill('第一笔');
  await page.getByLabel('标题').press('Enter');
  await ming.status('已保存');

  // Gallery, reload: still there.
  await page.getByLabel('我的画').click();
  const card = page.getByRole('link', { name: '第一笔' });
  await card.locator('img').waitFor();
  await page.reload();
  await card.locator('img').waitFor();

  // Replay.
  await card.click();
  await page.locator('.hint').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: '回放' }).click();
  await page.getByRole('button', { name: '播放' }).waitFor(); // at its end
  assert.equal(await ming.color(0.5, 0.5), '102,102,102');
  const slider = page.getByLabel('进度');
  await slider.fill('0');
  assert.equal(await ming.color(0.7, 0.5), '255,255,255');
  await page.getByRole('button', { name: '速度: 1×' }).click();
  await page.getByRole('button', { name: '速度: 2×' }).waitFor();
  await page.getByRole('button', { name: '播放' }).click();
  await page.waitForFunction(() => {
    const { value, max } = document.querySelector<HTMLInputElement>('[type=range]')!;
    return Number(max) - Number(value) < 2;
  });

  // Share, and open as a visitor in another browser.
  await page.getByLabel('打开').click();
  await page.getByRole('button', { name: '分享' }).click();
  const link = await page.getByLabel('链接').inputValue();
  const visitor = await Visitor.come(stage, desktop);
  await visitor.page.goto(link);
  await visitor.page.getByRole('link', { name: 'Player' }).click();
  await visitor.page.getByText('by 小明').waitFor();
  await visitor.page.getByRole('heading', { name: '第一笔' }).waitFor();
  await visitor.page.getByRole('button', { name: 'Play' }).waitFor();
  assert.equal(await visitor.color(0.5, 0.5), '102,102,102');

  // Delete, undo, delete for good.
  await page.getByRole('button', { name: '关闭' }).click();
  await page.getByLabel('我的画').click();
  const remove = async () => {
    await page.getByRole('button', { name: '更多: 第一笔' }).click();
    await page.getByRole('button', { name: '删除' }).click();
    await card.waitFor({ state: 'detached' });
  };
  await remove();
  await page.getByRole('button', { name: '恢复' }).click();
  await card.locator('img').waitFor();
  await visitor.page.reload();
  await visitor.page.getByRole('heading', { name: '第一笔' }).waitFor(); // it is still shared
  await remove();
  await page.reload(); // the time to undo ends with the page
  await page.getByText('在这里画一笔').waitFor();
  visitor.expect(/404/);
  await visitor.page.reload();
  await visitor.page.getByText('This drawing is gone').waitFor();
  const list = await stage.clientOf('小明').listDrawings({});
  assert.deepEqual(list.ok && list.data.items, []);
  await visitor.leave();
  await ming.leave();
});

test('what is drawn offline is kept, said to be waiting, and saved when the network is back', async () => {
  const li = await Visitor.come(stage, desktop);
  li.expect(/ERR_INTERNET_DISCONNECTED/);
  await li.logIn('离线');
  await li.page.getByText('Draw something here').waitFor();
  await li.context.setOffline(true);
  await li.draw([0.2, 0.2], [0.8, 0.8]);
  await li.status('Stored here until the network is back');
  await li.draw([0.8, 0.2], [0.2, 0.8]);
  await li.page.getByRole('link', { name: 'My drawings' }).click();
  await li.page.getByRole('link', { name: 'Untitled' }).locator('canvas').waitFor(); // rendered here
  await li.page.getByRole('link', { name: 'Draw N' }).click();
  await li.draw([0.2, 0.5], [0.8, 0.5]);
  await li.page.getByRole('textbox', { name: 'Title' }).fill('newer');
  await li.page.getByRole('textbox', { name: 'Title' }).press('Enter');
  await li.page.getByRole('link', { name: 'My drawings' }).click();
  await li.page.getByRole('link', { name: 'newer' }).locator('canvas').waitFor();
  assert.deepEqual(await li.page.locator('.card:not(.new) .card-title').allTextContents(), ['newer', 'Untitled']);
  await li.context.setOffline(false);
  await li.page.getByRole('link', { name: 'Untitled' }).locator('img').waitFor(); // as the service has it
  await li.page.getByRole('link', { name: 'newer' }).locator('img').waitFor();
  const list = await stage.clientOf('离线').listDrawings({});
  assert.deepEqual(list.ok && list.data.items.map(({ strokeCount }) => strokeCount).sort(), [1, 2]);
  await li.leave();
});

for (const [choice, titles] of [
  ['Keep this one', ['mine']],
  ['Keep the other one', ['theirs']],
  ['Keep both', ['mine', 'theirs']],
] as const) {
  test(`two devices change one drawing: ${choice}`, async () => {
    const user = `conflict ${choice}`;
    const client = stage.clientOf(user);
    const id = await saved(client, line('before'));
    const here = await Visitor.come(stage, desktop);
    here.expect(/412/);
    await here.logIn(user);
    await here.page.goto(`${here.base}/#/draw/${id}`);
    await here.page.waitForFunction(() => document.querySelector<HTMLInputElement>('.title')?.value === 'before');
    const opened = await client.drawings.open(id);
    assert.ok(opened.ok);
    client.drawings.save(id, { ...opened.data, title: 'theirs' });
    await client.drawings.flush();
    await here.page.getByRole('textbox', { name: 'Title' }).fill('mine');
    await here.page.getByRole('textbox', { name: 'Title' }).press('Enter');
    await here.page.getByRole('button', { name: 'Conflict' }).click();
    await here.page.getByRole('button', { name: choice }).click();
    if (choice === 'Keep the other one')
      await here.page.waitForFunction(() => document.querySelector<HTMLInputElement>('.title')?.value === 'theirs');
    await here.status('Saved');
    const list = await client.listDrawings({});
    assert.deepEqual(list.ok && list.data.items.map(item => item.title).sort(), titles);
    await here.leave();
  });
}

for (const where of ['editor', 'gallery'] as const) {
  test(`a deletion during a conflict spares what the other device made: ${where}`, async () => {
    const user = `undecided ${where}`;
    const client = stage.clientOf(user);
    const id = await saved(client, line('before'));
    const here = await Visitor.come(stage, desktop);
    here.expect(/412/);
    await here.page.clock.install();
    await here.logIn(user);
    const mine = here.page.getByRole('link', { name: 'before' });
    await mine.click();
    await here.page.locator('.sheet.laid').waitFor();
    const opened = await client.drawings.open(id);
    assert.ok(opened.ok);
    client.drawings.save(id, { ...opened.data, title: 'theirs' });
    await client.drawings.flush();
    await here.draw([0.2, 0.2], [0.8, 0.2]);
    await here.status('Conflict');
    if (where === 'editor') await here.page.getByRole('button', { name: 'Clear' }).click();
    await here.page.getByRole('link', { name: 'My drawings' }).click();
    if (where === 'gallery') {
      await here.page.getByRole('button', { name: 'More: before' }).click();
      await here.page.getByRole('button', { name: 'Delete' }).click();
    }
    await here.page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
    await here.page.getByTitle('Changed elsewhere').waitFor(); // still undecided
    await here.page.getByRole('button', { name: 'More: before' }).click();
    await here.page.getByRole('button', { name: 'Delete' }).click();
    await mine.waitFor({ state: 'detached' });
    await here.page.clock.fastForward(10_000);
    await here.page.getByText('Changed elsewhere, so not deleted').waitFor();
    const theirs = here.page.getByRole('link', { name: 'theirs' });
    await theirs.waitFor();
    assert.ok((await client.getDrawing({ id })).ok);
    await here.page.locator('.toast').getByRole('button', { name: 'Delete' }).click();
    await theirs.waitFor({ state: 'detached' });
    const gone = here.page.waitForResponse(answer => answer.request().method() === 'DELETE');
    await here.page.clock.fastForward(10_000);
    await (await gone).finished();
    assert.ok(!(await client.getDrawing({ id })).ok);
    await here.leave();
  });
}

/** Opens a drawing in each of these tabs. */
async function openIn(tabs: Visitor[], id: string): Promise<void> {
  for (const { page, base } of tabs) {
    await page.goto(`${base}/#/draw/${id}`);
    await page.locator('.sheet.laid').waitFor();
  }
}

test('two tabs of one browser stay in step', async () => {
  const id = await saved(stage.clientOf('tabs'), line('before'));
  const here = await Visitor.come(stage, desktop);
  await here.logIn('tabs');
  const there = await here.another();
  const galleryTab = await here.another();
  await galleryTab.page.goto(here.base);
  await openIn([here, there], id);
  for (const [one, other, y] of [
    [here, there, 0.2],
    [there, here, 0.8],
    [here, there, 0.9],
  ] as const) {
    await one.draw([0.2, y], [0.8, y]);
    await one.status('Saved');
    await other.page.waitForFunction(
      count => document.querySelector('canvas.canvas')!.getAttribute('aria-label')!.includes(`${count} strokes`),
      { 0.2: 2, 0.8: 3, 0.9: 4 }[y],
    );
    assert.equal(await other.color(0.5, y), '102,102,102');
  }
  await here.page.getByRole('textbox', { name: 'Title' }).fill('after');
  await here.page.getByRole('textbox', { name: 'Title' }).press('Enter');
  await galleryTab.page.getByRole('link', { name: 'after' }).waitFor();
  const drawing = await stage.clientOf('tabs').getDrawing({ id });
  assert.equal(drawing.ok && drawing.data.strokeCount, 4);
  await galleryTab.leave();
  await there.leave();
  await here.leave();
});

test('what another tab draws during a stroke, and the stroke, are both in the drawing', async () => {
  const id = await saved(stage.clientOf('both tabs'), line('before'));
  const here = await Visitor.come(stage, desktop);
  await here.logIn('both tabs');
  const there = await here.another();
  await openIn([here, there], id);
  const release = await here.stall('**/v1/drawings/' + id);
  const asked = here.page.waitForRequest('**/v1/drawings/' + id);
  await there.draw([0.2, 0.2], [0.8, 0.2]);
  await there.status('Saved');
  await there.page.getByRole('textbox', { name: 'Title' }).fill('after');
  await there.page.getByRole('textbox', { name: 'Title' }).press('Enter');
  await asked;
  await here.hold([0.2, 0.8], [0.5, 0.8]);
  release();
  await here.page.waitForFunction(() => document.querySelector<HTMLInputElement>('input.title')!.value === 'after');
  await here.page.mouse.up();
  await here.status('Saved');
  const drawing = await stage.clientOf('both tabs').getDrawing({ id });
  assert.deepEqual(drawing.ok && [drawing.data.strokeCount, drawing.data.title], [3, 'after']);
  assert.equal(await here.color(0.5, 0.2), '102,102,102');
  assert.equal(await here.color(0.4, 0.8), '102,102,102');
  await there.leave();
  await here.leave();
});

test('what another tab draws takes nothing away from a title that is being typed', async () => {
  const id = await saved(stage.clientOf('typing tab'), line('before'));
  const here = await Visitor.come(stage, desktop);
  await here.logIn('typing tab');
  const there = await here.another();
  await openIn([here, there], id);
  const title = here.page.getByRole('textbox', { name: 'Title' });
  await title.fill('after');
  await there.draw([0.2, 0.2], [0.8, 0.2]);
  await here.page.getByRole('application', { name: '2 strokes' }).waitFor();
  assert.equal(await title.inputValue(), 'after');
  await title.press('Enter');
  await there.page.waitForFunction(() => document.querySelector<HTMLInputElement>('input.title')!.value === 'after');
  const drawing = await stage.clientOf('typing tab').getDrawing({ id });
  assert.deepEqual(drawing.ok && [drawing.data.strokeCount, drawing.data.title], [2, 'after']);
  await there.leave();
  await here.leave();
});

test('a stroke ends when another tab leaves no room for it', async () => {
  const id = await saved(stage.clientOf('no room'), line('one'));
  const here = await Visitor.come(stage, desktop);
  await here.logIn('no room');
  const there = await here.another();
  await openIn([here, there], id);
  await here.hold([0.2, 0.8], [0.5, 0.8]);
  await there.page.getByRole('button', { name: 'One stroke: done when you lift' }).click();
  await here.page.getByText('One stroke!').waitFor();
  const at = await here.onPaper();
  await here.page.mouse.move(...at([0.6, 0.8]));
  for (const x of [0.3, 0.5, 0.6]) assert.equal(await here.color(x, 0.8), '255,255,255');
  await here.page.mouse.up();
  await there.page.getByRole('button', { name: 'One stroke: done when you lift' }).click();
  await here.page.getByText('One stroke!').waitFor({ state: 'hidden' });
  await here.draw([0.2, 0.8], [0.8, 0.8]); // the next one is accepted
  await here.status('Saved');
  const drawing = await stage.clientOf('no room').getDrawing({ id });
  assert.equal(drawing.ok && drawing.data.strokeCount, 2);
  await there.leave();
  await here.leave();
});

test('a stroke stays when another tab deletes the drawing meanwhile, and a third tab shows it again', async () => {
  const id = await saved(stage.clientOf('deleting tab'), line('going'));
  const here = await Visitor.come(stage, desktop);
  here.expect(/404|412/);
  await here.logIn('deleting tab');
  const there = await here.another();
  await there.page.goto(here.base);
  await there.page.getByRole('link', { name: 'going', exact: true }).waitFor();
  const idle = await here.another();
  idle.expect(/404/);
  await openIn([here, idle], id);
  await here.hold([0.2, 0.8], [0.5, 0.8]);
  const gone = here.page.waitForResponse(answer => answer.url().endsWith(id) && answer.status() === 404);
  await there.remove('going');
  await (await gone).finished();
  await idle.page.getByText('This drawing is gone').waitFor();
  await here.page.mouse.up();
  await here.page.getByRole('button', { name: 'Conflict' }).click();
  await here.page.getByRole('button', { name: 'Keep this one' }).click();
  await here.status('Saved');
  const drawing = await stage.clientOf('deleting tab').getDrawing({ id });
  assert.equal(drawing.ok && drawing.data.strokeCount, 2);
  await idle.page.getByLabel('going, 2 strokes').waitFor();
  await idle.draw([0.2, 0.2], [0.8, 0.2]);
  await idle.status('Saved');
  await idle.page.getByRole('button', { name: 'Undo' }).click();
  await idle.leave();
  await there.leave();
  await here.leave();
});

test('the title is changed only once the drawing is there', async () => {
  const id = await saved(stage.clientOf('slow drawing'), line('before'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('slow drawing');
  await guest.page.getByRole('link', { name: 'before' }).waitFor();
  const release = await guest.stall('**/v1/drawings/' + id);
  await guest.page.getByRole('link', { name: 'before' }).click();
  const title = guest.page.getByRole('textbox', { name: 'Title' });
  assert.ok(await title.isDisabled());
  release();
  await title.fill('after');
  await title.press('Enter');
  await guest.status('Saved');
  await guest.leave();
});

test('a gallery shows what another tab saves while the list is on its way', async () => {
  const id = await saved(stage.clientOf('slow list'), line('before'));
  const gallery = await Visitor.come(stage, desktop);
  await gallery.logIn('slow list');
  await gallery.page.getByRole('link', { name: 'before' }).waitFor();
  const editor = await gallery.another();
  await editor.page.goto(`${editor.base}/#/draw/${id}`);
  await editor.page.locator('.sheet.laid').waitFor();
  await gallery.page.evaluate(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    new BroadcastChannel('onestroke').onmessage = ({ data }) => told.push(String(data));
  });
  let release = () => {};
  const released = new Promise<void>(resolve => (release = resolve));
  await gallery.page.route('**/v1/drawings?*', async route => {
    const response = await route.fetch();
    await released;
    await route.fulfill({ response });
  });
  for (const [i, title] of ['first', 'second'].entries()) {
    const asked = i ? undefined : gallery.page.waitForRequest('**/v1/drawings?*');
    await editor.page.getByRole('textbox', { name: 'Title' }).fill(title);
    await editor.page.getByRole('textbox', { name: 'Title' }).press('Enter');
    await asked;
    await gallery.page.waitForFunction(count => (window as unknown as { told: string[] }).told.length > count, i);
  }
  release();
  await gallery.page.getByRole('link', { name: 'second' }).waitFor();
  await editor.leave();
  await gallery.leave();
});

test('a drawing that was changed elsewhere is not deleted unseen', async () => {
  const client = stage.clientOf('late');
  const id = await saved(client, line('before'));
  const here = await Visitor.come(stage, desktop);
  here.expect(/412/);
  await here.page.clock.install();
  await here.logIn('late');
  const open = here.page.getByRole('link', { name: 'before' });
  await open.waitFor();
  await here.page.route('**/v1/drawings/' + id, async route => {
    if (route.request().method() === 'DELETE') {
      const opened = await client.drawings.open(id);
      assert.ok(opened.ok);
      client.drawings.save(id, { ...opened.data, title: 'after' });
      await client.drawings.flush();
    }
    await route.continue();
  });
  await here.page.getByRole('button', { name: 'More: before' }).click();
  await here.page.getByRole('button', { name: 'Delete' }).click();
  await open.waitFor({ state: 'detached' });
  await here.page.clock.fastForward(10_000);
  await here.page.getByText('Changed elsewhere, so not deleted').waitFor();
  await here.page.getByRole('link', { name: 'after' }).waitFor();
  await here.page.unroute('**/v1/drawings/' + id);
  await here.page.locator('.toast').getByRole('button', { name: 'Delete' }).click();
  await here.page.getByRole('link', { name: 'after' }).waitFor({ state: 'detached' });
  await here.leave();
});

test('a drawing is made and found with keys alone', async () => {
  const mei = await Visitor.come(stage, desktop);
  const { keyboard } = mei.page;
  await mei.page.goto(mei.base);
  await mei.page.waitForFunction(() => document.activeElement?.matches('input[name=user]'));
  await keyboard.press('Control+A');
  await keyboard.type('Mei');
  await keyboard.press('Enter');
  await mei.page.waitForFunction(() => document.activeElement?.matches('canvas'));
  await keyboard.press('2'); // red
  await keyboard.press(']');
  await keyboard.press('Enter'); // the pen is down, in the middle
  for (let i = 0; i < 20; i++) await keyboard.press('ArrowRight');
  for (let i = 0; i < 4; i++) await keyboard.press('Shift+ArrowDown');
  await keyboard.press('Enter');
  await mei.status('Saved');
  assert.equal(await mei.color(0.6, 0.5), '229,72,77');
  await keyboard.press('Control+z');
  assert.equal(await mei.color(0.6, 0.5), '255,255,255');
  await keyboard.press('Control+Shift+z');
  assert.equal(await mei.color(0.6, 0.5), '229,72,77');
  await mei.status('Saved');
  await keyboard.press('r');
  await mei.page.getByRole('slider').waitFor();
  await keyboard.press('Escape');
  await mei.page.locator('.editor .sheet.laid').waitFor();
  await keyboard.press('Control+z'); // a replay is no reason to forget what can be undone
  assert.equal(await mei.color(0.6, 0.5), '255,255,255');
  await keyboard.press('Control+y');
  assert.equal(await mei.color(0.6, 0.5), '229,72,77');
  await keyboard.press('Escape');
  await mei.page.getByRole('link', { name: 'Untitled' }).waitFor();
  const ring = await mei.page.evaluate(() => (document.activeElement as HTMLElement).tagName);
  assert.ok(ring);
  await keyboard.press('n');
  await mei.page.getByText('Draw something here').waitFor();
  await mei.leave();
});

test('another user finds their own drawings only', async () => {
  await saved(stage.clientOf('A'), line('of A'));
  await saved(stage.clientOf('B'), line('of B'));
  const both = await Visitor.come(stage, desktop);
  await both.logIn('A');
  await both.page.getByRole('link', { name: 'of A' }).waitFor();
  await both.page.getByRole('button', { name: 'Logged in as: A' }).click();
  await both.page.getByRole('button', { name: 'Log out', exact: true }).click();
  await both.page.locator('input[name=user]').fill('B');
  await both.page.locator('form button').click();
  await both.page.getByRole('link', { name: 'of B' }).waitFor();
  assert.equal(await both.page.getByRole('link', { name: 'of A' }).count(), 0);
  await both.leave();
});

test('logging out does not wait for the network, and the next user sees nothing of the former', async () => {
  await saved(stage.clientOf('Anna'), line('of Anna'));
  await saved(stage.clientOf('Bob'), line('of Bob'));
  const both = await Visitor.come(stage, desktop);
  await both.logIn('Anna');
  await both.page.getByRole('link', { name: 'of Anna' }).waitFor();
  const other = await both.another();
  await other.page.goto(both.base);
  await other.page.getByRole('link', { name: 'of Anna' }).waitFor();
  let release = () => {};
  const released = new Promise<void>(resolve => (release = resolve));
  await both.context.route('**/v1/**', async route => {
    await released;
    await route.continue();
  });
  await both.page.getByRole('button', { name: 'Logged in as: Anna' }).click();
  const ended = both.page.waitForResponse(answer => answer.request().method() === 'DELETE');
  await both.page.getByRole('button', { name: 'Log out', exact: true }).click();
  await both.page.locator('input[name=user]').fill('Bob');
  await both.page.locator('form button').click();
  await both.page.getByRole('button', { name: 'Logged in as: Bob' }).waitFor();
  release();
  await (await ended).finished();
  for (const { page } of [both, other]) {
    await page.getByRole('link', { name: 'of Bob' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'of Anna' }).count(), 0);
  }
  await other.leave();
  await both.leave();
});

test('a page that the browser kept while somebody else logged in shows nothing of the former user', async () => {
  await saved(stage.clientOf('kept'), line('mine'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('kept');
  await guest.page.getByRole('link', { name: 'mine', exact: true }).waitFor();
  // What another tab changes while the page is not shown. A tab hears nothing of what it changes itself, either.
  await guest.page.evaluate(() => {
    localStorage.clear();
    localStorage.setItem('onestroke.user', 'next');
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  });
  await guest.page.getByText('Draw something here').waitFor();
  await guest.page.getByRole('link', { name: 'My drawings' }).click();
  await guest.page.getByRole('button', { name: 'Logged in as: next' }).waitFor();
  assert.equal(await guest.page.getByRole('link', { name: 'mine', exact: true }).count(), 0);
  await guest.leave();
});
