import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { desktop, line, phone, type Stage, saved, setUp, Visitor } from './support.ts';

let stage: Stage;
before(async () => (stage = await setUp()));
after(() => stage.close());

test('the page opens without a network, and its gallery is complete when the network is back', async () => {
  const client = stage.clientOf('offline');
  await saved(client, line('far'));
  const guest = await Visitor.come(stage, { ...desktop, serviceWorkers: 'allow' });
  guest.expect(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to load/);
  await guest.logIn('offline');
  await guest.page.getByRole('link', { name: 'far' }).waitFor();
  await guest.page.evaluate(() => navigator.serviceWorker.ready);
  await guest.page.waitForFunction(() => caches.match('./'));
  await guest.context.setOffline(true);
  await guest.page.reload();
  await guest.page.getByText('No network').waitFor();
  await guest.page.keyboard.press('n');
  await guest.page.locator('.hint:not([hidden])').waitFor();
  await guest.draw([0.2, 0.5], [0.8, 0.5]);
  await guest.page.getByRole('link', { name: 'My drawings' }).click();
  await guest.page.getByRole('link', { name: 'Untitled' }).waitFor();
  await guest.context.setOffline(false);
  await guest.page.getByRole('link', { name: 'far' }).waitFor();
  await guest.page.getByRole('link', { name: 'Untitled' }).locator('img').waitFor();
  await guest.leave();
});

test('a drawing that is opened without a network appears when the network is back', async () => {
  const id = await saved(stage.clientOf('later'), line('late'));
  const guest = await Visitor.come(stage, desktop);
  guest.expect(/ERR_INTERNET_DISCONNECTED/);
  await guest.logIn('later');
  await guest.page.goto(`${guest.base}/#/draw`); // the editor is loaded
  await guest.page.locator('.sheet.laid').waitFor();
  await guest.context.setOffline(true);
  await guest.page.goto(`${guest.base}/#/draw/${id}`);
  await guest.page.getByText('No network').waitFor();
  await guest.context.setOffline(false);
  await guest.page.getByLabel('late, 1 strokes').waitFor();
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.status('Saved');
  await guest.page.getByRole('button', { name: 'Undo' }).click();
  await guest.leave();
});

test('a replay and a shared drawing that are opened without a network appear when it is back', async () => {
  const client = stage.clientOf('replays later');
  const id = await saved(client, line('later'));
  const shared = await client.shareDrawing({ id });
  assert.ok(shared.ok);
  for (const address of [`replay/${id}`, `shared/${shared.data.token}`]) {
    const guest = await Visitor.come(stage, desktop);
    guest.expect(/ERR_INTERNET_DISCONNECTED/);
    await guest.logIn('replays later');
    await guest.page.getByRole('link', { name: 'later' }).waitFor();
    await guest.page.waitForLoadState('networkidle'); // the parts of the page are here
    await guest.context.setOffline(true);
    await guest.page.evaluate(to => void (location.hash = to), `#/${address}`);
    await guest.page.getByText('No network').waitFor();
    await guest.context.setOffline(false);
    await guest.page.getByRole('img', { name: 'later, 1 stroke' }).waitFor();
    await guest.page.getByRole('slider', { name: 'Position' }).waitFor();
    assert.equal(await guest.page.getByText('No network').isVisible(), false);
    await guest.leave();
  }
});

test('a drawing is not from tomorrow where the clock is slow', async () => {
  await saved(stage.clientOf('slow clock'), line('fresh'));
  const guest = await Visitor.come(stage, desktop);
  await guest.page.clock.install({ time: Date.now() - 26 * 3_600_000 });
  await guest.logIn('slow clock');
  await guest.page.locator('time.when').waitFor();
  assert.equal(await guest.page.locator('time.when').textContent(), 'now');
  await guest.leave();
});

test('the page can be installed', async () => {
  const guest = await Visitor.come(stage, { ...desktop, serviceWorkers: 'allow' });
  await guest.page.goto(guest.base);
  const { errors, url } = await guest.devtools.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  assert.equal(url, `${guest.base}/manifest.webmanifest`);
  const { installabilityErrors } = await guest.devtools.send('Page.getInstallabilityErrors');
  assert.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'),
    [],
  );
  await guest.leave();
});

test('a drawing that is missing has nothing to press but the way back', async () => {
  const guest = await Visitor.come(stage, desktop);
  guest.expect(/404/);
  await guest.logIn('missing');
  for (const place of ['draw', 'replay']) {
    await guest.page.goto('about:blank'); // so that the text is not that of the other place
    await guest.page.goto(`${guest.base}/#/${place}/0d9f1c6e-55a7-4f0b-9a53-7f3c1f2a8b10`);
    await guest.page.getByText('This drawing is gone').waitFor();
    const active = await guest.page
      .locator('main :is(button:enabled, input:enabled, a):visible')
      .evaluateAll(elements => elements.map(element => element.getAttribute('aria-label')));
    assert.deepEqual(active, place === 'draw' ? ['My drawings', 'New drawing'] : ['My drawings']);
  }
  await guest.leave();
});

test('a drawing that another tab deletes is gone here, too, and does not come back', async () => {
  const client = stage.clientOf('gone');
  const id = await saved(client, line('going'));
  const guest = await Visitor.come(stage, desktop);
  guest.expect(/404/);
  await guest.logIn('gone');
  const gallery = await guest.another();
  await gallery.page.goto(guest.base);
  await gallery.page.getByRole('link', { name: 'going', exact: true }).waitFor();
  await guest.page.goto(`${guest.base}/#/draw/${id}`);
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.status('Saved');
  await gallery.remove('going');
  await guest.page.getByText('This drawing is gone').waitFor();
  const active = await guest.page
    .locator('main :is(button:enabled, input:enabled, a):visible')
    .evaluateAll(elements => elements.map(element => element.getAttribute('aria-label')));
  assert.deepEqual(active, ['My drawings', 'New drawing']);
  for (const key of ['Control+z', 'Delete', 's', 'd', 'r']) await guest.page.keyboard.press(key);
  assert.match(guest.page.url(), /draw/);
  assert.equal(await guest.page.locator('dialog').count(), 0);
  await guest.page.getByRole('link', { name: 'My drawings' }).click();
  await guest.page.getByRole('heading', { name: 'My drawings' }).waitFor();
  const list = await client.listDrawings();
  assert.deepEqual(list.ok && list.data.items, []);
  await gallery.leave();
  await guest.leave();
});

test('logging out is asked for first', async () => {
  await saved(stage.clientOf('leaving'), line('mine'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('leaving');
  await guest.page.getByRole('link', { name: 'mine' }).waitFor();
  await guest.page.getByRole('button', { name: 'Logged in as' }).click();
  await guest.page.keyboard.press('Escape');
  await guest.page.getByRole('link', { name: 'mine' }).waitFor();
  await guest.page.getByRole('button', { name: 'Logged in as' }).click();
  await guest.page.getByRole('button', { name: 'Log out', exact: true }).click();
  await guest.page.locator('.welcome').waitFor();
  await guest.leave();
});

test('after a deletion the focus is on the next card', async () => {
  const client = stage.clientOf('focus');
  for (const title of ['c', 'b', 'a']) await saved(client, line(title));
  const guest = await Visitor.come(stage, desktop);
  guest.expect(/^layout shift/); // the other cards move when the service has answered
  await guest.logIn('focus');
  for (const [title, next] of [
    ['b', 'c'],
    ['c', 'a'],
  ]) {
    await guest.page.getByRole('button', { name: `More: ${title}` }).click();
    await guest.page.getByRole('button', { name: 'Delete' }).click();
    await guest.page.getByRole('link', { name: title, exact: true }).waitFor({ state: 'detached' });
    assert.equal(await guest.page.evaluate(() => document.activeElement!.getAttribute('aria-label')), next);
  }
  await guest.leave();
});

test('titles have their own direction, and name the tab', async () => {
  const client = stage.clientOf('direction');
  const id = await saved(client, line('שלום 1'));
  const share = await client.shareDrawing({ id });
  assert.ok(share.ok);
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('direction');
  const direction = (selector: string) =>
    guest.page.locator(selector).evaluate(element => getComputedStyle(element).direction);
  await guest.page.getByRole('link', { name: 'שלום 1' }).waitFor();
  assert.equal(await direction('.card:not(.new) .card-title'), 'rtl');
  for (const [place, selector] of [
    [`draw/${id}`, 'input.title'],
    [`replay/${id}`, 'h1.viewer-title'],
    [`shared/${share.data.token}`, '.viewer-title h1'],
  ]) {
    await guest.page.goto(`${guest.base}/#/${place}`);
    await guest.page.waitForFunction(() => document.title.startsWith('שלום 1'));
    assert.equal(await direction(selector!), 'rtl');
  }
  await guest.leave();
});

test('a question mark shows the keys', async () => {
  await saved(stage.clientOf('keys'), line('one'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('keys');
  await guest.page.getByRole('link', { name: 'one', exact: true }).waitFor();
  const keys = guest.page.getByRole('dialog', { name: 'Keys' });
  await guest.page.keyboard.press('?');
  await keys.getByText('One stroke').waitFor();
  await guest.page.keyboard.press('Escape');
  await guest.page.evaluate(() =>
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '？', bubbles: true })),
  );
  await keys.waitFor();
  await guest.page.keyboard.press('Escape');
  await guest.leave();
});

test('keys of one character can be turned off, and on again without one', async () => {
  await saved(stage.clientOf('no keys'), line('one'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('no keys');
  const { page } = guest;
  const listed = page.getByRole('dialog', { name: 'Keys' });
  const set = async (checked: boolean) => {
    await page.getByRole('checkbox', { name: 'Keys of one character' }).setChecked(checked);
    await page.keyboard.press('Escape');
    await listed.waitFor({ state: 'detached' });
  };
  const gallery = page.getByRole('button', { name: 'Logged in as' });
  await gallery.waitFor();
  await page.keyboard.press('?');
  await set(false);
  await page.reload();
  await gallery.waitFor();
  for (const key of ['n', 'N', '?', '？']) {
    await page.evaluate(key => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })), key);
    assert.equal(new URL(page.url()).hash, '');
  }
  await gallery.click();
  await page.getByRole('button', { name: 'Keys', exact: true }).click();
  await set(true);
  await page.keyboard.press('n');
  await page.waitForURL('**/#/draw');
  await page.keyboard.press('Escape');
  await page.waitForURL('**/#/');
  await guest.leave();
});

test('a drawing is copied as a picture', async () => {
  await saved(stage.clientOf('copying'), line('one'));
  const guest = await Visitor.come(stage, { ...desktop, permissions: ['clipboard-read', 'clipboard-write'] });
  await guest.logIn('copying');
  await guest.page.getByRole('button', { name: 'More: one' }).click();
  await guest.page.getByRole('button', { name: 'Download', exact: true }).click();
  await guest.page.getByRole('button', { name: 'Copy picture' }).click();
  await guest.page.getByText('Copied').waitFor();
  const width = await guest.page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    return (await createImageBitmap(await item!.getType('image/png'))).width;
  });
  assert.ok(width >= 1_000, `${width} pixels`);
  await guest.leave();
});

test('a share is handed to an app where the device can do that', async () => {
  await saved(stage.clientOf('sending'), line('one'));
  const guest = await Visitor.come(stage, phone);
  await guest.page.addInitScript('navigator.share = async ({ url }) => void (window.sent = url)');
  await guest.logIn('sending');
  await guest.page.getByRole('button', { name: '更多: one' }).click();
  await guest.page.getByRole('button', { name: '分享' }).click();
  const link = await guest.page.getByLabel('链接').inputValue();
  await guest.page.getByRole('button', { name: '发送…' }).click();
  assert.equal(await guest.page.evaluate(() => (window as unknown as { sent: string }).sent), link);
  await guest.leave();
});

test('drawings are searched by title, and put in another order, however many pages there are', async () => {
  const client = stage.clientOf('searching');
  for (let i = 0; i < 30; i++) await saved(client, line(i === 2 ? 'Old Cat' : `drawing ${i}`));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('searching');
  await guest.page.getByRole('link', { name: 'drawing 29' }).waitFor();
  guest.expect(/^layout shift/); // of a window that changes its size
  for (const width of [320, 390, 1280]) {
    await guest.page.setViewportSize({ width, height: 800 });
    const field = (await guest.page.getByRole('searchbox').boundingBox())!;
    assert.ok(field.width >= 120 && field.x + field.width <= width, `${field.width} px in a window of ${width}`);
  }
  const names = () =>
    guest.page.locator('.card:not(.new) > a').evaluateAll(links => links.map(link => link.getAttribute('aria-label')));
  await guest.page.getByRole('searchbox').fill('cat');
  await guest.page.getByRole('link', { name: 'Old Cat' }).waitFor();
  assert.deepEqual(await names(), ['Old Cat']);
  await guest.page.getByRole('searchbox').fill('');
  await guest.page.getByRole('combobox').selectOption('oldest');
  assert.deepEqual((await names()).slice(0, 3), ['drawing 0', 'drawing 1', 'Old Cat']);
  await guest.page.getByRole('combobox').selectOption('title');
  assert.deepEqual((await names()).slice(-2), ['drawing 29', 'Old Cat']);
  await guest.leave();
});

test('a search and an order stay while a found drawing is looked at', async () => {
  const client = stage.clientOf('found');
  const titles = ['ｃａｔ 1', 'Cat 2', 'dog', 'e\u0301toile', '', 'boat'];
  const ids = [];
  for (const title of titles) ids.push(await saved(client, line(title)));
  const guest = await Visitor.come(stage, desktop);
  guest.expect(/^layout shift/); // what is found moves
  await guest.logIn('found');
  await guest.page.getByRole('link', { name: 'boat' }).waitFor();
  const names = () =>
    guest.page.locator('.card:not(.new) > a').evaluateAll(links => links.map(link => link.getAttribute('aria-label')));
  const search = guest.page.getByRole('searchbox');
  for (const [wanted, found] of [
    ['étoile', ['e\u0301toile']],
    ['untitled', ['Untitled']],
    ['CAT', ['Cat 2', 'ｃａｔ 1']],
  ] as const) {
    await search.fill(wanted);
    assert.deepEqual(await names(), found, wanted);
  }
  await guest.page.getByRole('combobox').selectOption('oldest');
  assert.deepEqual(await names(), ['ｃａｔ 1', 'Cat 2']);
  await guest.page.getByRole('link', { name: 'Cat 2' }).click();
  await guest.page.waitForFunction(id => location.hash.endsWith(id), ids[1]!);
  await guest.page.locator('.sheet.laid').waitFor();
  await guest.page.goBack();
  await guest.page.getByRole('link', { name: 'Cat 2' }).waitFor();
  assert.equal(await search.inputValue(), 'CAT');
  assert.deepEqual(await names(), ['ｃａｔ 1', 'Cat 2']);
  await guest.leave();
});

test('at 400 % zoom a replay, a gallery and its dialogs can be used', async () => {
  const id = await saved(stage.clientOf('zoom'), line('a title that is longer than the narrow window is wide'));
  const guest = await Visitor.come(stage, { ...desktop, viewport: { width: 320, height: 256 } });
  await guest.logIn('zoom');
  const fits = async (what: string) => {
    const wide = await guest.page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll('dialog')].map(box => box.scrollWidth - box.clientWidth),
    );
    assert.deepEqual(new Set(wide), new Set([0]), what);
  };
  await guest.page.getByRole('button', { name: /^More: a title/ }).click();
  await fits('menu');
  await guest.page.getByRole('button', { name: 'Delete' }).scrollIntoViewIfNeeded();
  await guest.page.getByRole('button', { name: 'Share' }).click();
  await guest.page.getByRole('button', { name: 'Stop sharing' }).scrollIntoViewIfNeeded();
  await fits('share');
  await guest.page.getByRole('button', { name: 'Close' }).click();
  await guest.page.keyboard.press('?');
  await guest.page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await fits('keys');
  await guest.page.keyboard.press('Escape');
  await fits('gallery');
  await guest.page.goto(`${guest.base}/#/replay/${id}`);
  await guest.page.getByRole('slider').scrollIntoViewIfNeeded();
  await fits('replay');
  const { width, height } = (await guest.page.locator('.stage').boundingBox())!;
  assert.ok(width >= 200 && height >= 150, `${width} × ${height}`);
  await guest.leave();
});

test('at 400 % zoom the paper and the tools can be used', async () => {
  const guest = await Visitor.come(stage, { ...desktop, viewport: { width: 320, height: 256 } });
  await guest.logIn('zoomed');
  await guest.page.locator('.hint:not([hidden])').waitFor();
  const { width, height } = (await guest.page.locator('.stage').boundingBox())!;
  assert.ok(width >= 280 && height >= 220, `${width} × ${height}`);
  await guest.page.getByRole('button', { name: 'Clear' }).scrollIntoViewIfNeeded();
  await guest.page.getByRole('button', { name: 'Red', exact: true }).click();
  await guest.page.locator('canvas.canvas').scrollIntoViewIfNeeded();
  await guest.draw([0.2, 0.5], [0.8, 0.5]);
  assert.equal(await guest.color(0.5, 0.5), '229,72,77');
  assert.ok(await guest.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await guest.leave();
});

test('the keys of a replay work after a press on its slider, too', async () => {
  const user = 'slider';
  const { strokes } = line('');
  const id = await saved(stage.clientOf(user), {
    ...line('long'),
    strokes: strokes.map(stroke => ({ ...stroke, t: [0, 10_000] })),
  });
  const guest = await Visitor.come(stage, { ...desktop, reducedMotion: 'reduce' });
  await guest.logIn(user);
  await guest.page.goto(`${guest.base}/#/replay/${id}`);
  const slider = guest.page.getByRole('slider');
  await slider.click();
  const before = Number(await slider.inputValue());
  await guest.page.keyboard.press('ArrowRight');
  assert.equal(Number(await slider.inputValue()), before + 1_000);
  await guest.page.keyboard.press('ArrowLeft');
  assert.equal(Number(await slider.inputValue()), before);
  await guest.page.keyboard.press('Space');
  await guest.page.getByRole('button', { name: 'Pause' }).waitFor();
  await guest.leave();
});

test('where storage is full or forbidden somebody can log in, draw and change the language', async () => {
  for (const how of ['full', 'forbidden']) {
    const guest = await Visitor.come(stage, desktop);
    if (how === 'forbidden') await guest.forbidStorage();
    else
      await guest.context.addInitScript(() => {
        Storage.prototype.setItem = () => {
          throw new DOMException('', 'QuotaExceededError');
        };
      });
    await guest.logIn(`storage ${how}`);
    await guest.draw([0.2, 0.2], [0.8, 0.2]);
    await guest.status('Saved');
    await guest.page.getByRole('link', { name: 'My drawings' }).click();
    await guest.page.getByRole('button', { name: '中文' }).click();
    await guest.page.getByRole('heading', { name: '我的画' }).waitFor();
    await guest.leave();
  }
});

test('what cannot be loaded says so, and can be tried again', async () => {
  const user = 'broken';
  const client = stage.clientOf(user);
  const id = await saved(client, line('before'));
  const guest = await Visitor.come(stage, desktop);
  guest.expect(/^$|ERR_FAILED|412/);
  let failing = true;
  await guest.page.route(/assets.(editor|conflict|keys|video)/, route => (failing ? route.abort() : route.continue()));
  await guest.logIn(user);
  await guest.page.getByRole('link', { name: 'before', exact: true }).click();
  const toast = guest.page.locator('.toast', { hasText: 'No network' });
  await toast.waitFor();
  failing = false;
  await toast.getByRole('button', { name: 'Try again' }).click();
  await guest.page.getByLabel('before, 1 strokes').waitFor();
  failing = true;
  const opened = await client.drawings.open(id);
  assert.ok(opened.ok);
  client.drawings.save(id, { ...opened.data, title: 'theirs' });
  await client.drawings.flush();
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  const says = async () => {
    await toast.waitFor();
    await toast.evaluate(element => element.remove());
  };
  await guest.page.getByRole('button', { name: 'Conflict' }).click();
  await says();
  await guest.page.keyboard.press('?');
  await says();
  await guest.page.getByRole('button', { name: 'Download' }).click();
  await guest.page.getByRole('button', { name: 'Video of the replay' }).click();
  await says();
  await guest.leave();
});

test('a gallery that cannot list more asks again only when it is told to', async () => {
  const client = stage.clientOf('end');
  for (let i = 0; i < 30; i++) await saved(client, line(`drawing ${i}`));
  const guest = await Visitor.come(stage, desktop);
  guest.expect(/^layout shift|status of 500/);
  let asked = 0;
  let failing = true;
  await guest.page.route('**/v1/drawings?*cursor=*', route => {
    asked++;
    return failing ? route.fulfill({ status: 500 }) : route.continue();
  });
  await guest.logIn('end');
  await guest.page.getByRole('link', { name: 'drawing 29' }).waitFor();
  await guest.page.mouse.wheel(0, 5_000);
  const again = guest.page.getByRole('button', { name: 'Try again' });
  await again.waitFor();
  const before = asked;
  await guest.page.waitForTimeout(1_000);
  assert.equal(asked, before);
  failing = false;
  await again.click();
  await guest.page.getByRole('link', { name: 'drawing 0', exact: true }).waitFor();
  await guest.leave();
});

test('a title that was typed stays when the editor is left with the browser’s button', async () => {
  const id = await saved(stage.clientOf('typing'), line('before'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('typing');
  await guest.page.getByRole('link', { name: 'before' }).click();
  const title = guest.page.getByRole('textbox', { name: 'Title' });
  await guest.page.waitForFunction(() => document.title.startsWith('before'));
  await title.fill('after');
  await guest.page.evaluate(() => {
    // Not every browser says that a field is left when it is taken away.
    const app = document.getElementById('app')!;
    let taken = false;
    for (const name of ['change', 'blur'])
      addEventListener(name, event => taken && event.stopImmediatePropagation(), true);
    app.replaceChildren = (...nodes) => {
      taken = true;
      Element.prototype.replaceChildren.apply(app, nodes);
      taken = false;
    };
  });
  const release = await guest.stall(`**/v1/drawings/${id}`);
  await guest.page.goBack();
  await guest.page.getByRole('link', { name: 'after', exact: true }).waitFor();
  await guest.page.goto(`${guest.base}/#/draw/${id}`); // it is not saved yet: it opens without a request
  await guest.page.waitForFunction(() => document.title.startsWith('after'));
  release();
  await title.fill('at last');
  await title.press('Enter');
  await guest.page.waitForFunction(() => document.title.startsWith('at last'));
  await guest.leave();
});
