import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { DrawingContent, Stroke } from 'onestroke-client';
import { startBinary } from '../../typescript/test/support/binary.ts';
import { desktop, line, phone, type Stage, saved, setUp, Visitor } from './support.ts';

let stage: Stage;
before(async () => (stage = await setUp()));
after(() => stage.close());

/** The strokes of somebody's newest drawing. */
async function newest(user: string): Promise<{ content: DrawingContent; strokes: Stroke[] }> {
  const client = stage.clientOf(user);
  const list = await client.listDrawings({ limit: 1 });
  assert.ok(list.ok);
  const drawing = await client.getDrawing({ id: list.data.items[0]!.id });
  assert.ok(drawing.ok);
  return { content: drawing.data, strokes: drawing.data.strokes };
}

test('the first load is less than 100 KB', async () => {
  const guest = await Visitor.come(stage, desktop);
  let bytes = 0;
  await guest.devtools.send('Network.enable');
  guest.devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await guest.page.goto(guest.base, { waitUntil: 'networkidle' });
  assert.ok(bytes > 10_000 && bytes < 100 * 1024, `${bytes} bytes`);
  await guest.leave();
});

test('a gallery is as long as it is', async () => {
  const client = stage.clientOf('many');
  for (let i = 0; i < 60; i++) await saved(client, line(`drawing ${i}`));
  const guest = await Visitor.come(stage, phone);
  guest.expect(/^layout shift/); // the search appears when there is something to search
  await guest.logIn('many');
  await guest.page.getByRole('link', { name: 'drawing 59' }).waitFor();
  const cards = guest.page.locator('.card:not(.new)');
  for (let seen = 0; (seen = await cards.count()) < 60; ) {
    await cards.last().scrollIntoViewIfNeeded();
    await guest.page.waitForFunction(before => document.querySelectorAll('.card:not(.new)').length > before, seen);
  }
  await guest.page.getByRole('link', { name: 'drawing 0', exact: true }).waitFor();
  assert.equal(await cards.count(), 60);
  await guest.leave();
});

test('a drawing is renamed in the gallery', async () => {
  const client = stage.clientOf('renaming');
  const id = await saved(client, line('old'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('renaming');
  await guest.page.getByRole('button', { name: 'More: old' }).click();
  await guest.page.getByRole('button', { name: 'Rename' }).click();
  await guest.page.getByRole('textbox', { name: 'Title' }).fill('new');
  await guest.page.getByRole('button', { name: 'Save' }).click();
  await guest.page.getByRole('link', { name: 'new' }).locator('img').waitFor();
  const drawing = await client.getDrawing({ id });
  assert.equal(drawing.ok && drawing.data.title, 'new');
  await guest.leave();
});

test('colours, widths, eraser, undo, redo and clear do what they say', async () => {
  const guest = await Visitor.come(stage, desktop);
  const press = (name: string) => guest.page.getByRole('button', { name, exact: true }).click();
  await guest.logIn('tools');
  await press('Green');
  await press('Very broad');
  await guest.draw([0.2, 0.5], [0.8, 0.5]);
  assert.equal(await guest.color(0.5, 0.5), '47,158,95');
  await press('Eraser');
  await press('Fine');
  await guest.draw([0.5, 0.3], [0.5, 0.7]);
  assert.equal(await guest.color(0.5, 0.5), '255,255,255');
  await press('Undo');
  assert.equal(await guest.color(0.5, 0.5), '47,158,95');
  await press('Redo');
  assert.equal(await guest.color(0.5, 0.5), '255,255,255');
  await press('Clear');
  assert.equal(await guest.color(0.3, 0.5), '255,255,255');
  await press('Undo');
  assert.equal(await guest.color(0.3, 0.5), '47,158,95');
  await guest.page.getByLabel('Another colour').fill('#00a3a3');
  await guest.draw([0.2, 0.9], [0.8, 0.9]);
  await guest.status('Saved');
  const { strokes } = await newest('tools');
  assert.deepEqual(
    strokes.map(({ tool, color, width }) => [tool, color, width]),
    [
      ['pen', '#2F9E5F', 200],
      ['eraser', '#2F9E5F', 60],
      ['pen', '#00A3A3', 20],
    ],
  );
  for (const { x, t, p } of strokes)
    assert.ok(t && t.length === x.length && t[t.length - 1]! > t[0]! && p === undefined);
  await guest.leave();
});

test('a pen presses, and its other end erases', async () => {
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('pen');
  await guest.page.getByText('Draw something here').waitFor();
  await guest.page.keyboard.press('b');
  const at = await guest.onPaper();
  const pen = (type: 'mousePressed' | 'mouseMoved' | 'mouseReleased', place: [number, number], force: number) => {
    const [x, y] = at(place);
    return guest.devtools.send('Input.dispatchMouseEvent', {
      type,
      x,
      y,
      force,
      pointerType: 'pen',
      button: 'left',
      buttons: type === 'mouseReleased' ? 0 : 1,
      clickCount: 1,
    });
  };
  await pen('mousePressed', [0.2, 0.2], 0.25);
  await pen('mouseMoved', [0.4, 0.4], 0.5);
  await pen('mouseMoved', [0.6, 0.2], 1);
  await pen('mouseReleased', [0.6, 0.2], 0);
  await guest.status('Saved');
  const [stroke] = (await newest('pen')).strokes;
  const { p } = stroke!;
  assert.ok(p && p.length === stroke!.x.length);
  assert.deepEqual([p[0], Math.max(...p)], [64, 255]);
  assert.equal(await guest.page.getByRole('button', { name: 'Brush' }).getAttribute('aria-pressed'), 'true');
  await guest.leave();
});

test('one stroke is one stroke', async () => {
  const guest = await Visitor.come(stage, phone);
  await guest.logIn('once');
  await guest.page.getByRole('button', { name: '一笔到底：抬手就画完' }).click();
  await guest.touch([0.2, 0.2], [0.5, 0.6], [0.8, 0.2]);
  await guest.page.getByText('一笔到底！').waitFor();
  await guest.touch([0.2, 0.4], [0.5, 0.4], [0.8, 0.4]);
  await guest.status('已保存');
  assert.equal((await newest('once')).strokes.length, 1);
  await guest.page.getByRole('button', { name: '再画一幅' }).click();
  await guest.page.getByText('在这里画一笔').waitFor();
  await guest.touch([0.1, 0.9], [0.9, 0.9]);
  await guest.page.getByText('一笔到底！').waitFor();
  await guest.page.getByLabel('我的画').click();
  await guest.page.locator('.card:not(.new) img').nth(1).waitFor();
  assert.equal(await guest.page.getByRole('img', { name: '一笔画成' }).count(), 2);

  // It is a property of the drawing: after a reload, in the replay and where it was shared.
  await guest.page.locator('.card:not(.new) > a').first().click();
  await guest.page.getByText('一笔到底！').waitFor();
  await guest.page.reload();
  await guest.page.getByText('一笔到底！').waitFor();
  await guest.touch([0.2, 0.4], [0.5, 0.4], [0.8, 0.4]);
  const { content } = await newest('once');
  assert.deepEqual([content.oneStroke, content.strokes.length], [true, 1]);
  await guest.page.getByRole('button', { name: '回放' }).first().click();
  await guest.page.getByRole('img', { name: '一笔画成' }).waitFor();
  await guest.leave();
});

test('a drawing is switched to one stroke and back, and one of several strokes stays what it is', async () => {
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('switching');
  await guest.page.getByText('Draw something here').waitFor();
  const once = guest.page.getByRole('button', { name: 'One stroke: done when you lift' });
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await once.click();
  await guest.page.getByText('One stroke!').waitFor();
  await once.click();
  await guest.page.getByText('One stroke!').waitFor({ state: 'hidden' });
  await guest.draw([0.2, 0.4], [0.8, 0.4]);
  await once.click();
  await guest.page.getByText('This drawing has several strokes and stays as it is').waitFor();
  assert.equal(await once.getAttribute('aria-pressed'), 'false');
  await guest.page.getByRole('button', { name: 'New drawing in one stroke' }).click();
  await guest.draw([0.2, 0.6], [0.8, 0.6]);
  await guest.page.getByText('One stroke!').waitFor();
  await guest.leave();
});

test('a drawing that is emptied and left is gone, and can be brought back with its share', async () => {
  const client = stage.clientOf('empty');
  const id = await saved(client, line('short'));
  const share = await client.shareDrawing({ id });
  assert.ok(share.ok);
  const guest = await Visitor.come(stage, desktop);
  await guest.page.clock.install();
  await guest.logIn('empty');
  const card = guest.page.getByRole('link', { name: 'short' });
  const undo = guest.page.locator('.toast').getByRole('button', { name: 'Undo' });
  const empty = async () => {
    await card.click();
    await guest.page.getByRole('button', { name: 'Clear' }).click();
    await guest.page.getByRole('link', { name: 'My drawings' }).click();
    await card.waitFor({ state: 'detached' });
  };
  await empty();
  await undo.click();
  await card.locator('img').waitFor();
  await empty();
  await undo.waitFor();
  await guest.page.goBack(); // opened again, it is kept, too
  await guest.page.getByLabel('short, 1 strokes').waitFor();
  await undo.waitFor({ state: 'detached' });
  await guest.page.clock.fastForward(10_000);
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.status('Saved');
  const shared = await client.getSharedDrawing({ token: share.data.token });
  assert.equal(shared.ok && shared.data.strokes.length, 2);
  await guest.page.getByRole('link', { name: 'My drawings' }).click();
  await empty();
  const gone = guest.page.waitForResponse(answer => answer.request().method() === 'DELETE');
  await guest.page.clock.fastForward(10_000);
  await (await gone).finished();
  assert.ok(!(await client.getDrawing({ id })).ok);
  await guest.leave();
});

test('a new drawing after one that is emptied does not take its place and its share', async () => {
  const client = stage.clientOf('emptied, new');
  const id = await saved(client, line('shared'));
  const share = await client.shareDrawing({ id });
  assert.ok(share.ok);
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('emptied, new');
  await guest.page.goto(`${guest.base}/#/draw/${id}`);
  await guest.page.getByLabel('shared, 1 strokes').waitFor();
  await guest.page.getByRole('button', { name: 'Clear' }).click();
  await guest.page.getByRole('button', { name: 'New drawing' }).click();
  await guest.page.waitForURL(url => !url.hash.includes(id));
  await guest.page.getByText('Draw something here').waitFor();
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.status('Saved');
  const list = await client.listDrawings({});
  assert.ok(list.ok);
  assert.deepEqual(list.data.items.map(({ title }) => title).sort(), ['', 'shared']);
  await guest.page.getByRole('button', { name: 'Undo' }).last().click();
  const shared = await client.getSharedDrawing({ token: share.data.token });
  assert.equal(shared.ok && shared.data.title, 'shared');
  await guest.leave();
});

test('a drawing that is emptied, left and opened again at once is kept', async () => {
  const client = stage.clientOf('back at once');
  const id = await saved(client, line('short'));
  const share = await client.shareDrawing({ id });
  assert.ok(share.ok);
  const guest = await Visitor.come(stage, desktop);
  await guest.page.clock.install();
  await guest.logIn('back at once');
  await guest.page.getByRole('link', { name: 'short' }).click();
  await guest.page.getByRole('button', { name: 'Clear' }).click();
  const release = await guest.stall('**/v1/drawings/' + id);
  await guest.page.getByRole('link', { name: 'My drawings' }).click();
  await guest.page.getByRole('link', { name: 'short' }).click();
  await guest.page.locator('.editor').waitFor();
  release();
  await guest.page.getByLabel('short, 1 strokes').waitFor();
  await guest.page.clock.fastForward(10_000);
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.status('Saved');
  const shared = await client.getSharedDrawing({ token: share.data.token });
  assert.equal(shared.ok && shared.data.strokes.length, 2);
  await guest.leave();
});

test('the page shows what the service shows', async () => {
  const client = stage.clientOf('alike');
  const bow = Array.from({ length: 200 }, (_, i) => i / 200);
  const pen = { tool: 'pen' as const, color: '#0A84E0', width: 120 };
  const content: DrawingContent = {
    format: 1,
    canvas: { width: 3750, height: 5000, background: '#FFF6DD' },
    strokes: [
      {
        ...pen,
        x: bow.map(u => Math.round(300 + 3100 * u)),
        y: bow.map(u => Math.round(2500 + 1500 * Math.sin(9 * u))),
      },
      { ...pen, color: '#E5484D80', width: 400, x: [200, 3500, 400], y: [700, 1500, 2300] },
      { ...pen, tool: 'eraser', width: 250, x: [1800, 2000], y: [200, 4800] },
      { ...pen, color: '#8E4EC6', width: 500, x: [3000], y: [4000] },
      { ...pen, x: [-900, 4700], y: [4600, 4900] },
      {
        ...pen,
        color: '#2F9E5FC0',
        width: 500,
        x: bow.map(u => Math.round(300 + 3100 * u)),
        y: bow.map(u => Math.round(1200 + 700 * Math.cos(7 * u))),
        p: bow.map(u => Math.round(127 + 127 * Math.sin(20 * u))),
      },
    ],
  };
  const id = await saved(client, content);
  const guest = await Visitor.come(stage, { ...phone, reducedMotion: 'reduce' }); // the replay is at its end
  await guest.logIn('alike');
  await guest.page.goto(`${guest.base}/#/replay/${id}`);
  await guest.page.getByRole('button', { name: '播放' }).waitFor();
  const width = await guest.page.locator('canvas.canvas').evaluate((canvas: HTMLCanvasElement) => canvas.width);
  const png = await client.getDrawingImage({ id, width, format: 'png' });
  assert.ok(png.ok);
  const { mean, off } = await guest.page.locator('canvas.canvas').evaluate(
    async (canvas: HTMLCanvasElement, bytes) => {
      const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: 'image/png' }));
      const other = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
      other.drawImage(picture, 0, 0);
      const [a, b] = [canvas.getContext('2d')!, other].map(
        context => context.getImageData(0, 0, canvas.width, canvas.height).data,
      );
      let [sum, off] = [0, 0];
      for (let i = 0; i < a!.length; i++) {
        const difference = Math.abs(a![i]! - b![i]!);
        sum += difference;
        if (difference > 64) off++;
      }
      return { mean: sum / a!.length, off: off / a!.length };
    },
    Array.from(new Uint8Array(png.data)),
  );
  assert.ok(mean < 1 && off < 0.002, `${mean} of 255 apart on average, ${100 * off} % are another colour`);
  await guest.leave();
});

test('a drawing is downloaded as PNG and as SVG', async () => {
  await saved(stage.clientOf('files'), line('猫'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('files');
  for (const [name, file, begins] of [
    ['PNG picture', '猫.png', '\x89PNG'],
    ['SVG picture', '猫.svg', '<svg'],
    ['SVG that draws itself', '猫.svg', '<svg'],
  ] as const) {
    await guest.page.getByRole('button', { name: 'More: 猫' }).click();
    await guest.page.getByRole('button', { name: 'Download', exact: true }).click();
    const [download] = await Promise.all([
      guest.page.waitForEvent('download'),
      guest.page.getByRole('button', { name, exact: true }).click(),
    ]);
    assert.equal(download.suggestedFilename(), file);
    const content = readFileSync(await download.path(), 'latin1');
    assert.ok(content.startsWith(begins));
    assert.equal(content.includes('animation'), name.includes('itself'));
  }
  await guest.leave();
});

test('what the service does not have is neither shared nor downloaded, and the page says why', async context => {
  const small = await setUp({ DRAWING_QUOTA: '1' });
  context.after(() => small.close());
  const client = small.clientOf('unsent');
  const id = await saved(client, line('before'));
  const guest = await Visitor.come(small, desktop);
  guest.expect(/412|403/);
  await guest.logIn('unsent');
  const says = async (why: string) => {
    for (const name of ['PNG picture', 'SVG picture', 'Copy picture', '']) {
      await guest.page.getByRole('button', { name: name ? 'Download' : 'Share' }).click();
      if (name) await guest.page.getByRole('button', { name, exact: true }).click();
      const toast = guest.page.locator('.toast', { hasText: why });
      await toast.waitFor();
      await toast.evaluate(element => element.remove());
    }
    assert.equal(await guest.page.locator('dialog').count(), 0);
  };
  await guest.page.goto(`${guest.base}/#/draw/${id}`);
  await guest.page.locator('.sheet.laid').waitFor();
  const opened = await client.drawings.open(id);
  assert.ok(opened.ok);
  client.drawings.save(id, { ...opened.data, title: 'theirs' });
  await client.drawings.flush();
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.status('Conflict');
  await says('also changed on another device');
  await guest.page.getByRole('button', { name: 'New drawing' }).click();
  await guest.page.getByText('Draw something here').waitFor();
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.status('Not saved: Too many drawings');
  await says('Not saved: Too many drawings');
  await guest.leave();
});

test('a replay is recorded as a video, with its progress, unless that is cancelled', async () => {
  const client = stage.clientOf('filming');
  const { strokes } = line('');
  await saved(client, { ...line('猫'), oneStroke: true });
  await saved(client, { ...line('slow'), strokes: strokes.map(stroke => ({ ...stroke, t: [0, 3_600_000] })) });
  const guest = await Visitor.come(stage, desktop);
  await guest.page.clock.install();
  await guest.logIn('filming');
  const ask = async (title: string) => {
    await guest.page.getByRole('button', { name: `More: ${title}` }).click();
    await guest.page.getByRole('button', { name: 'Download', exact: true }).click();
    await guest.page.getByRole('button', { name: 'Video of the replay' }).click();
    await guest.page.getByRole('progressbar', { name: 'Recording the video' }).waitFor();
  };
  const cancel = async () => {
    await guest.page.getByRole('button', { name: 'Cancel' }).click();
    await guest.page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  let downloads = 0;
  guest.page.on('download', () => downloads++);
  await ask('slow');
  await cancel();
  // Also while the finished drawing is still shown.
  await ask('slow');
  await guest.page.clock.pauseAt(Date.now() + 3_600_000);
  await guest.page.waitForFunction(() => document.querySelector('progress')?.value === 1);
  await cancel();
  await guest.page.clock.resume();
  const next = guest.page.waitForEvent('download');
  await ask('猫');
  const download = await next;
  assert.equal(downloads, 1);
  assert.match(download.suggestedFilename(), /^猫\.(mp4|webm)$/);
  const file = readFileSync(await download.path());
  // Chromium itself plays it, beside the page, whose policy allows no video.
  const player = await guest.context.newPage();
  await player.goto('about:blank');
  const seen = await player.evaluate(async bytes => {
    const video = document.createElement('video');
    video.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)]));
    video.muted = true;
    const ended = new Promise(resolve => (video.onended = resolve));
    await video.play();
    await ended;
    const { videoWidth: width, videoHeight: height } = video;
    const surface = new OffscreenCanvas(width, height).getContext('2d')!;
    surface.drawImage(video, 0, 0);
    const [r, g, b] = surface.getImageData(width / 2, height / 2, 1, 1).data;
    const [red] = surface.getImageData(Math.round(0.925 * width), Math.round(0.03 * width + 0.035 * width), 1, 1).data;
    return { width, height, blue: b! > 180 && r! < 80 && g! < 180, red, time: video.currentTime };
  }, Array.from(file));
  assert.deepEqual([seen.width, seen.height, seen.blue], [720, 960, true]);
  assert.ok(seen.time > 0.6, `${seen.time} s`);
  await player.close();
  await guest.leave();
});

test('a drawing of which a program of 2017 drew more is not replaced unasked', async () => {
  const actions = JSON.stringify([
    {
      method: 'strokePath',
      data: [
        { method: 'moveTo', data: [10, 20] },
        { method: 'lineTo', data: [300, 200] },
      ],
    },
    { method: 'fillText', data: ['一笔', 100, 100] },
  ]);
  for (const [choice, count, incomplete] of [
    ['Drop my change', 1, true],
    ['Save as a new drawing', 2, true],
    ['Save anyway', 1, undefined],
  ] as const) {
    const client = stage.clientOf(choice);
    const paint = await client.savePaint({ body: { id: 'j8x3k2m1q9w0zt', actions } });
    assert.ok(paint.ok);
    const before = await client.listDrawings({});
    assert.ok(before.ok && before.data.items[0]!.incomplete);
    const { id } = before.data.items[0]!;
    const guest = await Visitor.come(stage, desktop);
    guest.expect(/428/);
    await guest.logIn(choice);
    await guest.page.goto(`${guest.base}/#/draw/${id}`);
    await guest.page.locator('.sheet.laid').waitFor();
    await guest.draw([0.2, 0.8], [0.8, 0.8]);
    await guest.page.getByRole('button', { name: 'Not saved' }).click();
    await guest.page.getByRole('dialog', { name: 'More than strokes' }).getByRole('button', { name: choice }).click();
    if (choice === 'Drop my change') await guest.page.getByLabel('Untitled, 1 strokes').waitFor();
    else await guest.status('Saved');
    const after = await client.listDrawings({});
    assert.ok(after.ok);
    assert.deepEqual(
      [after.data.items.length, after.data.items.find(item => item.id === id)!.incomplete],
      [count, incomplete],
    );
    await guest.leave();
  }
});

test('a shared drawing is reported with a reason', async () => {
  const client = stage.clientOf('rude');
  const share = await client.shareDrawing({ id: await saved(client, line('rude')) });
  assert.ok(share.ok);
  const guest = await Visitor.come(stage, desktop);
  await guest.page.goto(`${guest.base}/#/shared/${share.data.token}`);
  await guest.page.getByRole('button', { name: 'Report' }).click();
  const box = guest.page.getByRole('dialog', { name: 'Report' });
  await box.getByLabel('Reason').selectOption('Copyright');
  await box.getByLabel('More about it').fill('This is my drawing.');
  const request = guest.page.waitForRequest(asked => asked.method() === 'POST');
  await box.getByRole('button', { name: 'Report' }).click();
  await guest.page.getByText('The report was received').waitFor();
  assert.deepEqual((await request).postDataJSON(), { reason: 'copyright', note: 'This is my drawing.' });
  await guest.leave();
});

test('to press Share twice on a slow network asks once', async () => {
  const id = await saved(stage.clientOf('impatient'), line('slow'));
  const guest = await Visitor.come(stage, desktop);
  const release = await guest.stall('**/share');
  await guest.logIn('impatient');
  await guest.page.goto(`${guest.base}/#/draw/${id}`);
  await guest.page.getByLabel('slow, 1 strokes').waitFor();
  let answers = 0;
  guest.page.on('requestfinished', request => request.url().endsWith('/share') && answers++);
  for (let i = 1; i <= 2; i++) {
    const asked = guest.page.waitForRequest('**/share');
    await guest.page.getByRole('button', { name: 'Share' }).click();
    await asked;
  }
  release();
  while (answers < 2) await guest.page.waitForTimeout(10);
  await guest.page.getByLabel('Link').first().waitFor();
  await guest.page.waitForTimeout(100);
  assert.equal(await guest.page.locator('dialog').count(), 1);
  await guest.leave();
});

test('to share two drawings on a slow network shows both links', async () => {
  const client = stage.clientOf('impatient twice');
  for (const title of ['one', 'two']) await saved(client, line(title));
  const guest = await Visitor.come(stage, desktop);
  const release = await guest.stall('**/share');
  await guest.logIn('impatient twice');
  for (const title of ['one', 'two']) {
    const asked = guest.page.waitForRequest('**/share');
    await guest.page.getByRole('button', { name: `More: ${title}` }).click();
    await guest.page.getByRole('button', { name: 'Share', exact: true }).click();
    await asked;
  }
  release();
  await guest.page.locator('dialog').nth(1).waitFor();
  const links = await guest.page.getByLabel('Link', { exact: true }).all();
  assert.equal(new Set(await Promise.all(links.map(link => link.inputValue()))).size, 2);
  await guest.leave();
});

test('what is no longer shared opens to nobody', async () => {
  await saved(stage.clientOf('sharing'), line('secret'));
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('sharing');
  await guest.page.getByRole('button', { name: 'More: secret' }).click();
  await guest.page.getByRole('button', { name: 'Share' }).click();
  const link = await guest.page.getByLabel('Link').inputValue();
  await guest.page.getByText('your nickname and avatar').waitFor();
  await guest.page.getByRole('button', { name: 'Stop sharing' }).click();
  await guest.page.getByText('No longer shared').waitFor();
  guest.expect(/404/);
  await guest.page.goto(link);
  await guest.page.getByText('the drawing is no longer shared').waitFor();
  await guest.leave();
});

test('the other language is one press away, and stays', async () => {
  const guest = await Visitor.come(stage, desktop);
  await guest.page.goto(guest.base);
  await guest.page.getByRole('button', { name: '中文' }).click();
  await guest.page.getByText('开始画画').waitFor();
  await guest.page.reload();
  await guest.page.getByText('开始画画').waitFor();
  assert.equal(await guest.page.evaluate(() => document.documentElement.lang), 'zh-CN');
  await guest.leave();
});

for (const locale of ['zh-CN', 'en-GB']) {
  test(`everything that can be pressed has a name, is in sight on a narrow screen and large enough: ${locale}`, async () => {
    const user = `narrow ${locale}`;
    const guest = await Visitor.come(stage, {
      ...phone,
      locale,
      viewport: { width: 320, height: 568 },
      colorScheme: 'dark',
    });
    await saved(stage.clientOf(user), line('一'));
    await guest.logIn(user);
    await guest.page.getByRole('link', { name: '一', exact: true }).waitFor();
    for (const place of ['#/', '#/draw']) {
      await guest.page.goto(`${guest.base}/${place}`);
      await guest.page.locator(place === '#/' ? '.gallery' : '.editor').waitFor();
      const faults = await guest.page.evaluate(() =>
        Array.from(document.querySelectorAll<HTMLElement>('button, a[href], input'))
          .filter(element => element.offsetParent)
          .map(element => ({
            name: element.getAttribute('aria-label') || element.textContent,
            box: element.getBoundingClientRect(),
            html: element.outerHTML.slice(0, 80),
          }))
          .filter(
            ({ name, box }) =>
              !name?.trim() || box.left < 0 || box.right > innerWidth || box.width < 24 || box.height < 24,
          )
          .map(({ html, box }) => `${html} ${JSON.stringify(box)}`),
      );
      assert.deepEqual(faults, []);
      assert.ok(await guest.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    }
    await guest.leave();
  });
}

test('where WeChat is not simulated the page says what the service is, and nobody logs in', async () => {
  const production = await startBinary({ WECHAT_APP_ID: 'wx0123456789abcdef', WECHAT_APP_SECRET: 'secret' });
  const guest = await Visitor.come({ ...stage, service: production }, desktop);
  await guest.page.goto(production.baseUrl + '/#/draw');
  await guest.page.getByText('This is the service behind the WeChat mini program').waitFor();
  assert.equal(await guest.page.locator('input').count(), 0);
  assert.equal(
    await guest.page.getByRole('link', { name: 'API reference' }).evaluate((link: HTMLAnchorElement) => link.href),
    production.baseUrl + '/docs',
  );
  guest.expect(/404/);
  await guest.page.goto(production.baseUrl + '/#/shared/kT1uB7nR2sV9wYA5mC3xQw');
  await guest.page.getByText('This drawing is gone').waitFor();
  await guest.leave();
  await production.stop();
});

test('nobody is shut out: axe finds no fault with any screen, light or dark', async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const id = await saved(stage.clientOf('axe'), line('一笔'));
  for (const colorScheme of ['light', 'dark'] as const) {
    const guest = await Visitor.come(stage, { ...desktop, colorScheme, reducedMotion: 'reduce' });
    const faults = async (what: string) => {
      await guest.page.evaluate(axe);
      const found = await guest.page.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run(): Promise<{ passes: object[]; violations: { id: string; nodes: { html: string }[] }[] }> };
        };
        const { passes, violations } = await axe.run();
        return {
          passes: passes.length,
          violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
        };
      });
      assert.ok(found.passes > 10, what);
      assert.deepEqual(found.violations, [], what);
    };
    await guest.page.goto(guest.base);
    await guest.page.locator('.welcome').waitFor();
    await faults('welcome');
    await guest.logIn('axe');
    await guest.page.locator('.card img').waitFor();
    await faults('gallery');
    await guest.page.getByRole('button', { name: 'More: 一笔' }).click();
    await faults('menu');
    await guest.page.keyboard.press('Escape');
    await guest.page.goto(`${guest.base}/#/draw/${id}`);
    await guest.page.locator('.sheet.laid').waitFor();
    await faults('editor');
    await guest.page.getByRole('button', { name: 'Share' }).click();
    await guest.page.getByLabel('Link').waitFor();
    await faults('share');
    await guest.page.keyboard.press('Escape');
    await guest.page.goto(`${guest.base}/#/replay/${id}`);
    await guest.page.getByRole('slider').waitFor();
    await faults('replay');
    await guest.leave();
  }
});
