import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stroke } from 'onestroke-client';
import { desktop, line, phone, type Stage, saved, setUp, Visitor } from './support.ts';

let stage: Stage;
before(async () => (stage = await setUp()));
after(() => stage.close());

const ink = '102,102,102'; // the first colour of the palette
const paper = '255,255,255';

async function strokesOf(user: string): Promise<Stroke[]> {
  const client = stage.clientOf(user);
  const list = await client.listDrawings({ limit: 1 });
  if (!list.ok || !list.data.items.length) return [];
  const drawing = await client.getDrawing({ id: list.data.items[0]!.id });
  return drawing.ok ? drawing.data.strokes : [];
}

/** Somebody who has logged in and sees an empty paper. */
async function atPaper(user: string, options = phone): Promise<Visitor> {
  const guest = await Visitor.come(stage, options);
  await guest.logIn(user);
  await guest.page.locator('.hint:not([hidden])').waitFor();
  return guest;
}

/** A pen that presses with half its force, at places from 0 to 1 on the paper. */
async function penOf(guest: Visitor) {
  const at = await guest.onPaper();
  return (type: 'mousePressed' | 'mouseMoved' | 'mouseReleased', place: [number, number]) => {
    const [x, y] = at(place);
    const button = { button: 'left', buttons: type === 'mouseReleased' ? 0 : 1, clickCount: 1 } as const;
    return guest.devtools.send('Input.dispatchMouseEvent', { type, x, y, force: 0.5, pointerType: 'pen', ...button });
  };
}

test('the hint is gone while the first stroke is drawn', async () => {
  const guest = await atPaper('hint', desktop);
  const at = await guest.onPaper();
  await guest.page.mouse.move(...at([0.5, 0.5]));
  await guest.page.mouse.down();
  assert.equal(await guest.page.locator('.hint').isVisible(), false);
  await guest.page.mouse.up();
  await guest.leave();
});

for (const kind of ['mouse', 'touch', 'pen'] as const) {
  test(`the ink is where the ${kind} is, in the same frame`, async () => {
    const guest = await atPaper(`frame ${kind}`, kind === 'touch' ? phone : desktop);
    const at = await guest.onPaper();
    // What the page shows when the frame that handles the event is over.
    await guest.page.locator('canvas.canvas').evaluate((canvas: HTMLCanvasElement) => {
      const found: string[] = [];
      Object.assign(window, { found });
      canvas.addEventListener('pointermove', ({ clientX, clientY }) => {
        requestAnimationFrame(() => {
          const { left, top, width } = canvas.getBoundingClientRect();
          const ratio = canvas.width / width;
          const inked = Array.from(canvas.parentElement!.querySelectorAll('canvas'), one => {
            const [r, , , a] = one
              .getContext('2d')!
              .getImageData(Math.round((clientX - left) * ratio), Math.round((clientY - top) * ratio), 1, 1).data;
            return a! > 0 && r! < 200;
          });
          found.push(inked.includes(true) ? 'ink' : `nothing at ${clientX - left}`);
        });
      });
    });
    const send = (step: 'down' | 'move' | 'up', place: [number, number]) => {
      const [x, y] = at(place);
      if (kind === 'touch') {
        const type = ({ down: 'touchStart', move: 'touchMove', up: 'touchEnd' } as const)[step];
        return guest.devtools.send('Input.dispatchTouchEvent', { type, touchPoints: step === 'up' ? [] : [{ x, y }] });
      }
      const type = ({ down: 'mousePressed', move: 'mouseMoved', up: 'mouseReleased' } as const)[step];
      return guest.devtools.send('Input.dispatchMouseEvent', {
        type,
        x,
        y,
        pointerType: kind,
        force: 0.5,
        button: 'left',
        buttons: step === 'up' ? 0 : 1,
        clickCount: 1,
      });
    };
    await send('down', [0.2, 0.5]);
    for (let i = 1; i <= 8; i++) {
      await send('move', [0.2 + 0.07 * i, 0.5 + 0.02 * (i % 3)]);
      await guest.page.waitForFunction(count => (window as unknown as { found: string[] }).found.length >= count, i);
    }
    const found = await guest.page.evaluate(() => (window as unknown as { found: string[] }).found);
    assert.deepEqual(new Set(found), new Set(['ink']));
    await send('up', [0.76, 0.54]);
    await guest.status(kind === 'touch' ? '已保存' : 'Saved');
    await guest.leave();
  });
}

test('what was drawn stays when the system takes the touch away, and can be undone', async () => {
  const guest = await atPaper('taken');
  await guest.fingers('touchStart', [1, 0.2, 0.5]);
  await guest.fingers('touchMove', [1, 0.8, 0.5]);
  await guest.fingers('touchCancel');
  await guest.status('已保存');
  assert.equal((await strokesOf('taken')).length, 1);
  assert.equal(await guest.color(0.5, 0.5), ink);
  await guest.page.getByRole('button', { name: '撤销' }).click();
  assert.equal(await guest.color(0.5, 0.5), paper);
  await guest.leave();
});

test('two fingers enlarge the paper and leave no line; a finger draws on what is shown', async () => {
  const guest = await atPaper('two fingers');
  await guest.fingers('touchStart', [1, 0.4, 0.5]);
  await guest.fingers('touchStart', [1, 0.4, 0.5], [2, 0.6, 0.5]);
  for (const apart of [0.15, 0.2, 0.3]) await guest.fingers('touchMove', [1, 0.5 - apart, 0.5], [2, 0.5 + apart, 0.5]);
  await guest.fingers('touchEnd');
  await guest.page.locator('.hint:not([hidden])').waitFor();
  assert.equal(await guest.page.getByRole('button', { name: '撤销' }).isDisabled(), true);
  const whole = guest.page.getByRole('button', { name: '看整张画' });
  await whole.waitFor();
  await guest.touch([0.2, 0.4], [0.8, 0.4]);
  await guest.status('已保存');
  assert.equal(await guest.color(0.5, 0.4), ink);
  const [stroke] = await strokesOf('two fingers');
  const width = Math.max(...stroke!.x) - Math.min(...stroke!.x);
  assert.ok(Math.abs(width - (0.6 * 3750) / 3) < 40, `${width} units wide`);
  await whole.click();
  assert.equal(await whole.isVisible(), false);
  await guest.leave();
});

test('a pen draws beside a palm that was there first', async () => {
  const guest = await atPaper('palm');
  await guest.page.getByRole('button', { name: '笔锋' }).click();
  await guest.fingers('touchStart', [1, 0.8, 0.9]);
  const pen = await penOf(guest);
  await pen('mousePressed', [0.2, 0.3]);
  await pen('mouseMoved', [0.5, 0.3]);
  await pen('mouseMoved', [0.8, 0.3]);
  await pen('mouseReleased', [0.8, 0.3]);
  await guest.fingers('touchEnd');
  await guest.status('已保存');
  const strokes = await strokesOf('palm');
  assert.equal(strokes.length, 1);
  assert.ok(strokes[0]!.p, 'the stroke is not the pen’s');
  assert.equal(await guest.color(0.5, 0.3), ink);
  assert.equal(await guest.color(0.8, 0.9), paper);
  await guest.leave();
});

test('a brush is thin where the finger is fast', async () => {
  const guest = await atPaper('brush');
  await guest.page.getByRole('button', { name: '特粗' }).click();
  await guest.page.getByRole('button', { name: '笔锋' }).click();
  await guest.touch([0.1, 0.5], [0.5, 0.5], [0.9, 0.5]);
  await guest.status('已保存');
  const [{ p, width }] = (await strokesOf('brush')) as [Stroke];
  assert.ok(p && p[0] === 128 && p[p.length - 1]! < 120, `${p}`);
  assert.equal(width, 200);
  assert.equal(await guest.color(0.5, 0.5), ink);
  // The whole width would reach this far.
  const { height } = (await guest.page.locator('canvas.canvas').boundingBox())!;
  assert.equal(await guest.color(0.88, 0.5 + 9 / height), paper);
  await guest.leave();
});

test('the wheel enlarges the paper', async () => {
  const guest = await atPaper('wheel', desktop);
  const at = await guest.onPaper();
  await guest.page.mouse.move(...at([0.5, 0.5]));
  await guest.page.keyboard.down('Control');
  await guest.page.mouse.wheel(0, -120);
  await guest.page.keyboard.up('Control');
  await guest.page.getByRole('button', { name: 'Show the whole paper' }).click();
  await guest.page.getByRole('button', { name: 'Show the whole paper' }).waitFor({ state: 'hidden' });
  await guest.leave();
});

test('a new drawing fills a phone', async () => {
  const guest = await atPaper('large', { ...phone, viewport: { width: 390, height: 844 } });
  const { width, height } = (await guest.page.locator('canvas.canvas').boundingBox())!;
  assert.ok(width > 370 && height > 620, `${width} × ${height}`);
  await guest.touch([0.5, 0.02], [0.5, 0.98]);
  await guest.status('已保存');
  const [stroke] = await strokesOf('large');
  assert.ok(Math.max(...stroke!.y) > 6_000);
  await guest.leave();
});

test('a warning comes before a drawing is full, and one that is full says so', async () => {
  const dot = { tool: 'pen' as const, color: '#333333', width: 5, x: [1], y: [1] };
  const id = await saved(stage.clientOf('full'), { ...line('many'), strokes: Array.from({ length: 999 }, () => dot) });
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('full');
  await guest.page.goto(`${guest.base}/#/draw/${id}`);
  await guest.page.locator('.sheet.laid').waitFor();
  await guest.draw([0.2, 0.5], [0.8, 0.5]);
  await guest.page.getByText('This drawing is nearly full').waitFor();
  await guest.draw([0.2, 0.7], [0.8, 0.7]);
  await guest.page.getByText('This drawing is full').waitFor();
  assert.equal(await guest.color(0.5, 0.7), paper);
  await guest.leave();
});

test('no ring stays round the paper when a pointer draws, and the keys bring it back', async () => {
  const guest = await Visitor.come(stage, desktop);
  await guest.page.goto(guest.base);
  await guest.page.locator('input[name=user]').fill('ring');
  await guest.page.keyboard.press('Enter');
  const canvas = guest.page.locator('canvas.canvas');
  await guest.page.locator('.hint:not([hidden])').waitFor();
  const ring = () => canvas.evaluate(element => getComputedStyle(element).outlineStyle);
  assert.equal(await ring(), 'solid');
  await guest.draw([0.2, 0.5], [0.8, 0.5]);
  assert.equal(await ring(), 'none');
  await guest.page.keyboard.press('ArrowLeft');
  assert.equal(await ring(), 'solid');
  await guest.leave();
});

test('the ink stays where the mouse is when the window gets another size during a stroke', async () => {
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('resized');
  await guest.hold([0.2, 0.5], [0.5, 0.5]);
  await guest.page.setViewportSize({ width: 900, height: 700 });
  const at = await guest.onPaper();
  await guest.page.mouse.move(...at([0.6, 0.8]), { steps: 4 });
  await guest.page.mouse.move(...at([0.8, 0.8]), { steps: 4 });
  assert.equal(await guest.color(0.7, 0.8), '102,102,102');
  assert.equal(await guest.color(0.35, 0.5), '102,102,102');
  await guest.page.mouse.up();
  await guest.status('Saved');
  const [stroke] = await strokesOf('resized');
  const width = await guest.page.locator('canvas.canvas').evaluate(canvas => canvas.clientWidth);
  const height = await guest.page.locator('canvas.canvas').evaluate(canvas => canvas.clientHeight);
  const [x, y] = [stroke!.x, stroke!.y].map(all => all[all.length - 1]!);
  assert.ok(Math.abs(y! / x! - height / width) < 0.02, `${x}, ${y} of ${width} × ${height}`);
  await guest.leave();
});

test('a stroke by keys ends where it is when the mouse begins another', async () => {
  const guest = await Visitor.come(stage, desktop);
  await guest.logIn('keys and mouse');
  await guest.onPaper();
  await guest.page.locator('canvas.canvas').press('Enter');
  await guest.page.keyboard.press('Shift+ArrowRight');
  await guest.draw([0.1, 0.1], [0.1, 0.4]);
  await guest.status('Saved');
  await guest.page.getByLabel('Untitled, 2 strokes').waitFor();
  await guest.leave();
});

test('a drawing does not become one of one stroke while its second is drawn', async () => {
  const guest = await atPaper('second stroke', desktop);
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.hold([0.2, 0.5], [0.8, 0.5]);
  await guest.page.keyboard.press('o');
  await guest.page.getByRole('dialog', { name: 'several strokes' }).waitFor();
  await guest.page.keyboard.press('Escape');
  await guest.page.mouse.up();
  await guest.page.getByLabel('Untitled, 2 strokes').waitFor();
  await guest.status('Saved');
  assert.equal((await strokesOf('second stroke')).length, 2);
  await guest.leave();
});

test('the unfinished line stays in sight when a key switches to one stroke', async () => {
  const guest = await atPaper('switched', desktop);
  await guest.hold([0.2, 0.5], [0.5, 0.5], [0.8, 0.5]);
  await guest.page.keyboard.press('o');
  await guest.page.getByRole('button', { name: 'One stroke', pressed: true }).waitFor();
  assert.equal(await guest.color(0.4, 0.5), ink);
  assert.equal(await guest.page.locator('.hint').isVisible(), false);
  await guest.page.mouse.up();
  await guest.page.getByText('One stroke!').waitFor();
  await guest.leave();
});

test('undo takes the whole stroke away that is being drawn', async () => {
  const guest = await atPaper('taken back', desktop);
  await guest.draw([0.2, 0.2], [0.8, 0.2]);
  await guest.hold([0.2, 0.5], [0.5, 0.5], [0.8, 0.6]);
  await guest.page.keyboard.press('Control+z');
  const inked = await guest.page.locator('canvas.ahead').evaluate((canvas: HTMLCanvasElement) =>
    canvas
      .getContext('2d')!
      .getImageData(0, 0, canvas.width, canvas.height)
      .data.some(value => value > 0),
  );
  assert.equal(inked, false);
  await guest.page.mouse.up();
  await guest.leave();
});

test('a pen that presses still does when the other hand turns the brush off', async () => {
  const guest = await atPaper('other hand', desktop);
  const brush = guest.page.getByRole('button', { name: 'Brush' });
  await brush.click();
  const pen = await penOf(guest);
  await pen('mousePressed', [0.2, 0.3]);
  await pen('mouseMoved', [0.4, 0.3]);
  await guest.page.keyboard.press('b');
  await pen('mouseMoved', [0.6, 0.35]);
  await pen('mouseMoved', [0.8, 0.3]);
  await pen('mouseReleased', [0.8, 0.3]);
  await guest.status('Saved');
  const [{ p }] = (await strokesOf('other hand')) as [Stroke];
  assert.ok(
    p!.slice(0, -2).every(pressure => pressure === 128),
    `${p}`,
  );
  await guest.leave();
});

test('the paper is sharp on a screen with other pixels, without another size', async () => {
  const guest = await Visitor.come(stage, desktop);
  // Chromium says nothing to a page when the pixels are emulated.
  await guest.context.addInitScript(() => {
    const lists: MediaQueryList[] = Object.assign(window, { lists: [] }).lists;
    const { matchMedia } = window;
    window.matchMedia = query => {
      const list = matchMedia(query);
      if (list.media.includes('resolution')) lists.push(list);
      return list;
    };
  });
  await guest.logIn('sharp');
  await guest.draw([0.2, 0.5], [0.8, 0.5]);
  for (const deviceScaleFactor of [2, 3, 1]) {
    const metrics = { ...desktop.viewport!, deviceScaleFactor, mobile: false };
    await guest.devtools.send('Emulation.setDeviceMetricsOverride', metrics);
    const ratio = await guest.page.locator('canvas.canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { lists } = window as unknown as { lists: MediaQueryList[] };
      for (const list of lists.slice()) if (!list.matches) list.dispatchEvent(new Event('change'));
      return canvas.width / canvas.clientWidth;
    });
    assert.equal(ratio, deviceScaleFactor);
    assert.equal(await guest.color(0.5, 0.5), ink);
  }
  await guest.leave();
});
