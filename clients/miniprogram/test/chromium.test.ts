import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { newId } from '../../typescript/src/index.ts';
import { type Binary, startBinary } from '../../typescript/test/support/binary.ts';
import { Network } from './support/host.ts';
import { drawing, elsewhere, somebody } from './support/people.ts';
import { ChromiumScreen, openChromium, patience } from './support/screen.ts';

let service: Binary;
let browser: Browser;
before(async () => void ([service, browser] = await Promise.all([startBinary(), openChromium()])));
after(() => Promise.all([browser.close(), service.stop()]));

type Options = Parameters<typeof ChromiumScreen.open>[2];

function story(name: string, tell: (phone: ChromiumScreen, user: string) => Promise<void>, options?: Options): void {
  test(name, async () => {
    const user = somebody();
    const phone = await ChromiumScreen.open(browser, new Network(service, user), options);
    await phone.launch();
    await tell(phone, user);
    assert.deepEqual(await phone.evaluate('phone.errors'), []);
    await phone.close();
  });
}

/** What is seen at a place of the drawing, in pixels as fingers have them: `#RRGGBB`, or nothing where nothing is rendered. */
function colorAt(phone: ChromiumScreen, x: number, y: number): Promise<string> {
  return phone.evaluate(`(() => {
    const seen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    for (const canvas of document.querySelectorAll('div:not([hidden]) canvas')) {
      const ratio = canvas.width / canvas.getBoundingClientRect().width;
      seen.drawImage(canvas, Math.floor(${x} * ratio), Math.floor(${y} * ratio), 1, 1, 0, 0, 1, 1);
    }
    const [r, g, b, a] = seen.getImageData(0, 0, 1, 1).data;
    return a && '#' + [r, g, b].map(value => value.toString(16).padStart(2, '0')).join('').toUpperCase();
  })()`);
}

/** Waits until the canvas has a colour at a place. */
async function becomes(phone: ChromiumScreen, x: number, y: number, color: string): Promise<void> {
  const end = Date.now() + patience;
  while ((await colorAt(phone, x, y)) !== color)
    assert.ok(Date.now() < end, `${await colorAt(phone, x, y)} at ${x}, ${y}`);
}

/** Opens an empty drawing; the place of its canvas in the window. */
async function begin(phone: ChromiumScreen): Promise<{ x: number; y: number; width: number; height: number }> {
  await phone.tap('随意画');
  await phone.until('phone.top.view');
  return phone.call('box', '画布');
}

/** Moves a finger straight over the canvas. */
async function across(phone: ChromiumScreen, from: [number, number], to: [number, number]): Promise<void> {
  const { x, y } = await phone.call('box', '画布');
  const steps = 12;
  await phone.finger(
    Array.from({ length: steps + 1 }, (_, i) => ({
      x: x + from[0] + ((to[0] - from[0]) * i) / steps,
      y: y + from[1] + ((to[1] - from[1]) * i) / steps,
    })),
  );
}

story('a finger draws where it is, in the colour that was picked, in the pixels of the device', async phone => {
  const { width } = await begin(phone);
  assert.equal(await phone.evaluate('document.querySelector("div:not([hidden]) canvas").width'), width * 2);
  await phone.tap('红');
  await phone.tap('粗细 3');
  await across(phone, [60, 150], [260, 250]);
  await becomes(phone, 160, 200, '#E5484D');
  assert.equal(await colorAt(phone, 160, 260), '#FFFFFF');

  await phone.tap('橡皮');
  await across(phone, [160, 100], [160, 300]);
  await becomes(phone, 160, 200, '#FFFFFF');
  await phone.tap('撤销');
  await becomes(phone, 160, 200, '#E5484D');
  await phone.tap('清空');
  await becomes(phone, 160, 200, '#FFFFFF');
  await phone.tap('撤销');
  await becomes(phone, 160, 200, '#E5484D');
});

story('a line is rendered while the finger is down', async phone => {
  const { x, y } = await begin(phone);
  const session = await phone.page.context().newCDPSession(phone.page);
  for (const [i, type] of (['touchStart', 'touchMove', 'touchMove', 'touchMove'] as const).entries()) {
    await session.send('Input.dispatchTouchEvent', { type, touchPoints: [{ x: x + 50 + 50 * i, y: y + 200 }] });
  }
  await becomes(phone, 80, 200, '#666666');
  await becomes(phone, 199, 200, '#666666'); // where the finger is
  assert.equal(await phone.evaluate('phone.top.sketch.content.strokes.length'), 0);
  await session.send('Input.dispatchTouchEvent', { type: 'touchCancel', touchPoints: [] });
  await phone.until('phone.top.sketch.content.strokes.length === 1');
  await becomes(phone, 199, 200, '#666666');
});

/** Puts a finger on the canvas, moves it straight, and does not lift it. */
async function hold(phone: ChromiumScreen, from: [number, number], to: [number, number]): Promise<void> {
  const { x, y } = await phone.call('box', '画布');
  const session = await phone.page.context().newCDPSession(phone.page);
  for (let i = 0; i <= 6; i++) {
    const [left, top] = [0, 1].map(axis => from[axis]! + ((to[axis]! - from[axis]!) * i) / 6);
    const touchPoints = [{ x: x + left!, y: y + top! }];
    await session.send('Input.dispatchTouchEvent', { type: i ? 'touchMove' : 'touchStart', touchPoints });
    await phone.page.evaluate('new Promise(requestAnimationFrame)');
  }
}

story('undo takes the whole stroke away that is being drawn', async phone => {
  await begin(phone);
  await across(phone, [60, 100], [260, 100]);
  await becomes(phone, 160, 100, '#666666');
  await hold(phone, [60, 200], [260, 200]);
  await becomes(phone, 258, 200, '#666666');
  await phone.evaluate('phone.top.undo()'); // with another finger
  await becomes(phone, 258, 200, '#FFFFFF');
  await becomes(phone, 160, 100, '#FFFFFF');
});

story('a line stays under the finger when another one shows the whole paper', async phone => {
  await begin(phone);
  await phone.evaluate('phone.top.look(phone.top.view.moved({ x: 0, y: 0 }, { x: 0, y: 0 }, 2))');
  await hold(phone, [100, 200], [200, 200]);
  await becomes(phone, 150, 200, '#666666');
  await phone.evaluate('phone.top.showAll()');
  await becomes(phone, 75, 100, '#666666');
  assert.equal(await colorAt(phone, 150, 200), '#FFFFFF');
});

story('a drawing that was left is rendered again, and a replay renders it bit by bit', async (phone, user) => {
  const id = newId();
  await elsewhere(service, user).putDrawing({
    id,
    ifNoneMatch: '*',
    body: {
      ...drawing('一笔猫'),
      strokes: [{ tool: 'pen', color: '#2F9E5F', width: 200, x: [500, 3000], y: [2500, 2500], t: [0, 60_000] }],
    },
  });
  await phone.call('pullDown');
  await phone.tap('一笔猫');
  await phone.tap('暂停');
  const { width, height } = await phone.call('box', '画布');
  const at = (x: number) => (x / 3750) * width;
  await phone.call('slide', '进度', 30_000);
  await becomes(phone, at(1000), height / 2, '#2F9E5F');
  assert.equal(await colorAt(phone, at(2500), height / 2), '#FFFFFF');
  await phone.call('slide', '进度', 60_000);
  await becomes(phone, at(2500), height / 2, '#2F9E5F');
  await phone.tap('继续画');
  await phone.until('phone.top.view');
  const canvas = await phone.call('box', '画布');
  await becomes(phone, at(1000), canvas.height / 2, '#2F9E5F');
});

story('an unsent drawing has a picture in the gallery', async phone => {
  await phone.see('还没有画');
  await phone.connect(false);
  await begin(phone);
  await phone.tap('粗细 4');
  await across(phone, [60, 150], [260, 250]);
  await phone.see('等待上传');
  await phone.call('navigateBack');
  await phone.see('等待上传');
  const rendered = await phone.evaluate(`(async () => {
    const image = document.querySelector('div:not([hidden]) img');
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: 75, height: 100 });
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0, 75, 100);
    return Array.from(context.getImageData(0, 0, 75, 100).data).filter((value, i) => i % 4 === 0 && value < 150).length;
  })()`);
  assert.ok(Number(rendered) > 40, String(rendered));
});

story('a poster shows the drawing, and the code of its share', async (phone, user) => {
  const id = newId();
  const other = elsewhere(service, user);
  await other.putDrawing({
    id,
    ifNoneMatch: '*',
    body: {
      ...drawing('一笔猫'),
      strokes: [{ tool: 'pen', color: '#2F9E5F', width: 200, x: [500, 3000], y: [2500, 2500], t: [0, 100] }],
    },
  });
  await phone.launch(`/pages/share/share?id=${id}`);
  await phone.tap('生成海报');
  await phone.see('保存到相册');
  const seen = await phone.evaluate<{
    width: number;
    height: number;
    colors: string[];
    dark: number;
    text: number;
  }>(`(() => {
    const canvas = document.querySelector('div:not([hidden]) canvas');
    const context = canvas.getContext('2d');
    const pixels = (...box) => Array.from({ length: box[2] * box[3] }, (_, i) => Array.from(context.getImageData(...box).data.slice(4 * i, 4 * i + 3)).join());
    const darkIn = (...box) => { const { data } = context.getImageData(...box); return data.filter((value, i) => i % 4 === 0 && value < 128).length; };
    return { width: canvas.width, height: canvas.height, colors: [pixels(540, 650, 1, 1)[0], pixels(540, 300, 1, 1)[0]], dark: darkIn(800, 1340, 240, 240), text: darkIn(40, 1350, 600, 80) };
  })()`);
  assert.deepEqual([seen.width, seen.height, seen.colors], [1080, 1620, ['47,158,95', '255,255,255']]);
  assert.ok(seen.dark > 240 * 240 * 0.2 && seen.dark < 240 * 240 * 0.7, `${seen.dark} dark pixels of the code`);
  assert.ok(seen.text > 200, `${seen.text} dark pixels of the title`);
});

for (const [width, height] of [
  [320, 568],
  [375, 812],
  [820, 1180],
] as const) {
  for (const theme of ['light', 'dark'] as const) {
    story(
      `everything has its place on ${width} × ${height} pixels, ${theme}`,
      async (phone, user) => {
        await elsewhere(service, user).putDrawing({
          id: newId(),
          ifNoneMatch: '*',
          body: drawing('一只有很长很长很长很长很长很长名字的猫', 3_600_000), // its replay goes on
        });
        await phone.call('pullDown');
        const fits = async (scrolls = false) => {
          await phone.until('!document.querySelector("img:not([src])")');
          assert.ok(
            await phone.evaluate('document.documentElement.scrollWidth <= innerWidth'),
            'wider than the screen',
          );
          const small =
            await phone.evaluate(`Array.from(document.querySelectorAll('div:not([hidden]) :is([aria-role=button], [aria-role=radio], wx-button)'), element => {
          const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
          return { name: element.getAttribute('aria-label') || element.textContent.trim(), out: left < 0 || right > innerWidth || top < 0 || bottom > innerHeight && !${scrolls}, width, height };
        }).filter(({ out, width, height }) => out || Math.min(width, height) < 28)`);
          assert.deepEqual(small, []);
          const [paper, ink] = await phone.evaluate<[number, number]>(`(() => {
          const { backgroundColor, color } = getComputedStyle(document.body);
          return [backgroundColor, color].map(color => Number(/\\d+/.exec(color)[0]));
        })()`);
          assert.equal(paper > ink, theme === 'light');
        };
        await phone.see('一只有很长很长很长很长很长很长名字的猫');
        await fits();
        await phone.tap('更多 一只有很长很长很长很长很长很长名字的猫');
        await fits();
        await phone.tap('取消');
        await phone.tap('一只有很长很长很长很长很长很长名字的猫');
        await phone.see('暂停');
        await fits();
        await phone.tap('继续画');
        await phone.tap('其他颜色');
        await phone.see('色相');
        await fits();

        await phone.launch();
        await phone.tap('更多 一只有很长很长很长很长很长很长名字的猫');
        await phone.tap('海报和分享状态');
        await phone.tap('生成海报');
        await phone.see('停止分享');
        await phone.see('保存到相册');
        await fits(true);
        await phone.tap('看看别人看到的');
        await phone.tap('举报');
        await fits();
        await phone.launch('/pages/me/me');
        await phone.tap('设置昵称和头像');
        await phone.answer({});
        await phone.see('更换头像');
        await fits(true);
        await phone.launch('/pages/draw/draw?mode=one');
        await phone.until('phone.top.view');
        await across(phone, [60, 150], [200, 250]);
        await phone.see('一笔到底！');
        await fits();
      },
      { width, height, system: { theme } },
    );
  }
}
