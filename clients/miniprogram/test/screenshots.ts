// Takes the picture that the README shows: the drawings of `make demo`, and a flower in one stroke, by day and by
// night.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startBinary } from '../../typescript/test/support/binary.ts';
import { Network } from './support/host.ts';
import { elsewhere } from './support/people.ts';
import { ChromiumScreen, openChromium } from './support/screen.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const user = '小明';
const [service, browser] = await Promise.all([startBinary(), openChromium()]);

/** Saves the demo's drawings, one after the other, so that they are always in the same order. */
async function fill(): Promise<void> {
  execFileSync('go', ['run', './clients/demo', '-url', service.baseUrl, '-user', 'demo'], {
    cwd: root,
    stdio: 'ignore',
  });
  const [from, to] = [elsewhere(service, 'demo'), elsewhere(service, user)];
  const list = await from.listDrawings({});
  if (!list.ok) throw new Error(list.problem.detail);
  for (const { id } of list.data.items.sort((a, b) => (a.title < b.title ? -1 : 1))) {
    const opened = await from.drawings.open(id);
    if (opened.ok) await to.putDrawing({ id, ifNoneMatch: '*', body: opened.data });
  }
}

/** Draws a flower of five petals without lifting the finger. */
async function flower(phone: ChromiumScreen): Promise<void> {
  await phone.until('phone.top.view');
  const { x, y, width, height } = await phone.call('box', '画布');
  await phone.finger(
    Array.from({ length: 121 }, (_, i) => {
      const angle = (i / 120) * 2 * Math.PI;
      const radius = width * (0.23 + 0.16 * Math.cos(5 * angle));
      return { x: x + width / 2 + radius * Math.sin(angle), y: y + height / 2 - radius * Math.cos(angle) };
    }),
  );
  await phone.see('已保存');
}

await fill();
const pictures: string[] = [];
for (const [theme, show] of [
  [
    'light',
    async phone =>
      phone.until('phone.count("img") === 8 && Array.from(document.images).every(({ complete }) => complete)'),
  ],
  [
    'light',
    async phone => {
      await phone.tap('随意画');
      await phone.tap('红');
      await phone.tap('粗细 3');
      await flower(phone);
    },
  ],
  [
    'dark',
    async phone => {
      await phone.tap('一笔到底');
      await phone.tap('红');
      await phone.tap('粗细 3');
      await flower(phone);
    },
  ],
  [
    'dark',
    async phone => {
      await phone.tap('螺旋 spiral');
      await phone.tap('暂停');
      await phone.call('slide', '进度', 5000);
    },
  ],
] as ['light' | 'dark', (phone: ChromiumScreen) => Promise<unknown>][]) {
  const phone = await ChromiumScreen.open(browser, new Network(service, user), { system: { theme }, height: 760 });
  await phone.launch();
  await phone.see('螺旋 spiral');
  await show(phone);
  pictures.push((await phone.page.screenshot({ scale: 'css' })).toString('base64'));
  await phone.close();
}

const page = await browser.newPage({ viewport: { width: 1596, height: 760 } });
await page.setContent(
  `<body style="margin: 0; display: flex; gap: 32px; background: none">${pictures.map(picture => `<img style="border-radius: 32px" src="data:image/png;base64,${picture}">`).join('')}`,
);
await page.evaluate(() => Promise.all(Array.from(document.images, image => image.decode())));
await page.screenshot({ path: `${root}/.github/miniprogram.png`, omitBackground: true });
await Promise.all([browser.close(), service.stop()]);
