// Takes the pictures of the page that the READMEs show, in both languages: the
// drawings of `make demo` on a desktop, and a cat in one stroke on a phone.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cat } from '../src/dom.ts';
import { desktop, phone, type Stage, saved, setUp, Visitor } from './support.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const user = '小明';

/** Saves the demo's drawings, one after the other, so that they are always in the same order. */
async function fill(stage: Stage): Promise<void> {
  execFileSync('go', ['run', './clients/demo', '-url', stage.service.baseUrl, '-user', 'demo'], {
    cwd: root,
    stdio: 'ignore',
  });
  const [from, to] = [stage.clientOf('demo'), stage.clientOf(user)];
  const list = await from.listDrawings({});
  if (!list.ok) throw new Error(list.problem.detail);
  for (const { id } of list.data.items.sort((a, b) => (a.title < b.title ? -1 : 1))) {
    const opened = await from.drawings.open(id);
    if (opened.ok) await saved(to, opened.data);
  }
}

async function shoot(visitor: Visitor, name: string): Promise<void> {
  await visitor.page.mouse.move(0, 0);
  await visitor.page.evaluate(() => document.fonts.ready);
  await visitor.page.screenshot({ path: `${root}/.github/${name}.png` });
  await visitor.leave();
}

const stage = await setUp();
try {
  await fill(stage);
  for (const [language, locale, once] of [
    ['en', 'en-GB', 'One stroke: done when you lift'],
    ['zh', 'zh-CN', '一笔到底：抬手就画完'],
  ] as const) {
    const gallery = await Visitor.come(stage, {
      ...desktop,
      locale,
      viewport: { width: 1280, height: 720 },
      reducedMotion: 'reduce',
    });
    await gallery.logIn(user);
    await gallery.page.locator('.card:not(.new) img').nth(7).waitFor();
    await shoot(gallery, `page-desktop.${language}`);

    const paper = await Visitor.come(stage, {
      ...phone,
      viewport: { width: 375, height: 720 },
      deviceScaleFactor: 1.5,
      locale,
      colorScheme: 'dark',
      reducedMotion: 'reduce',
    });
    await paper.logIn(language);
    await paper.page.getByRole('button', { name: once }).click();
    await paper.page.locator('.swatch').nth(1).click();
    await paper.page.locator('.nib').nth(2).click();
    const line = await paper.page.evaluate(path => {
      const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      line.setAttribute('d', path);
      const length = line.getTotalLength();
      return Array.from({ length: 160 }, (_, i) => line.getPointAtLength((i / 159) * length)).map(
        ({ x, y }): [number, number] => [x / 330 + 0.02, y / 440 + 0.1],
      );
    }, cat);
    await paper.touch(...line);
    await paper.page.locator('.status[data-kind=saved]').waitFor();
    await shoot(paper, `page-phone.${language}`);
  }
} finally {
  await stage.close();
}
