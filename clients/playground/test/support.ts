import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Client, createClient, type DrawingContent, fetchTransport, newId } from 'onestroke-client';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type CDPSession,
  chromium,
  type Page,
} from 'playwright-core';
import { type Binary, startBinary } from '../../typescript/test/support/binary.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const phone: BrowserContextOptions = {
  viewport: { width: 375, height: 812 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
  locale: 'zh-CN',
};
export const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, locale: 'en-GB' };

/** The service and a browser. */
export interface Stage {
  service: Binary;
  browser: Browser;
  /** A client of somebody's, beside the page. */
  clientOf(user: string): Client;
  close(): Promise<void>;
}

export async function setUp(environment: Record<string, string> = {}): Promise<Stage> {
  const [service, browser] = await Promise.all([
    startBinary(environment),
    chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: flags }),
  ]);
  return {
    service,
    browser,
    clientOf: user =>
      createClient({ baseUrl: service.baseUrl, transport: fetchTransport(fetch), login: () => service.phone(user) }),
    close: async () => {
      await browser.close();
      await service.stop();
    },
  };
}

/**
 * Somebody at a browser of their own. Whatever the browser complains about, and every shift of the layout, fails
 * the test when they leave.
 */
export class Visitor {
  readonly complaints: string[] = [];
  private readonly expected: RegExp[] = [];

  private constructor(
    readonly base: string,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly devtools: CDPSession,
  ) {}

  static async come({ browser, service }: Stage, options: BrowserContextOptions): Promise<Visitor> {
    // Requests that a service worker sends are out of the reach of `page.route`.
    const context = await browser.newContext({ serviceWorkers: 'block', ...options });
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(`policy: ${violatedDirective} ${blockedURI}`),
      );
      new PerformanceObserver(list => {
        for (const shift of list.getEntries() as (PerformanceEntry & {
          hadRecentInput: boolean;
          sources: { node: Element | null }[];
        })[]) {
          // What has no node is inside of a field, where the browser puts its text.
          const moved = shift.sources.flatMap(({ node }) => node?.className || node?.nodeName || []);
          if (!shift.hadRecentInput && moved.length) console.error(`layout shift: ${moved}`);
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    const page = await context.newPage();
    return Visitor.at(service.baseUrl, context, page);
  }

  /** Opens another tab of the same browser. */
  async another(): Promise<Visitor> {
    return Visitor.at(this.base, this.context, await this.context.newPage());
  }

  private static async at(base: string, context: BrowserContext, page: Page): Promise<Visitor> {
    page.setDefaultTimeout(60_000); // it costs nothing where the condition comes, and a machine may be slow
    const visitor = new Visitor(base, context, page, await context.newCDPSession(page));
    page.on('console', message => message.type() === 'error' && visitor.complaints.push(message.text()));
    page.on('pageerror', error => visitor.complaints.push(String(error.stack)));
    return visitor;
  }

  /** The browser will say this, and that is right. */
  expect(complaint: RegExp): void {
    this.expected.push(complaint);
  }

  async logIn(user: string): Promise<void> {
    await this.page.goto(this.base + '/');
    await this.page.locator('input[name=user]').fill(user);
    await this.page.locator('form button').click();
  }

  /** Deletes a drawing in the gallery. The time to undo ends with the page, which is loaded again. */
  async remove(title: string): Promise<void> {
    await this.page.getByRole('button', { name: `More: ${title}` }).click();
    await this.page.getByRole('button', { name: 'Delete' }).click();
    await this.page.getByRole('link', { name: title, exact: true }).waitFor({ state: 'detached' });
    await this.page.reload();
  }

  /** Draws a line with the mouse through places given as parts of the paper. */
  async draw(...places: [number, number][]): Promise<void> {
    await this.hold(...places);
    await this.page.mouse.up();
  }

  /** Draws with the mouse and does not lift it at the end. */
  async hold(...places: [number, number][]): Promise<void> {
    const at = await this.onPaper();
    await this.page.mouse.move(...at(places[0]!));
    await this.page.mouse.down();
    for (const place of places.slice(1)) await this.page.mouse.move(...at(place), { steps: 4 });
  }

  /** Draws with a finger that needs 20 ms from place to place, however long the browser takes, and is lifted at the last. */
  async touch(...places: [number, number][]): Promise<void> {
    const at = await this.onPaper();
    const start = Date.now() / 1_000;
    const send = (
      type: 'touchStart' | 'touchMove' | 'touchEnd',
      i: number,
      ...touchPoints: { x: number; y: number }[]
    ) => this.devtools.send('Input.dispatchTouchEvent', { type, touchPoints, timestamp: start + 0.02 * i });
    for (const [i, place] of places.entries()) {
      const [x, y] = at(place);
      await send(i ? 'touchMove' : 'touchStart', i, { x, y });
    }
    await send('touchEnd', places.length - 1);
  }

  /** Waits for the paper of a drawing; where a part of it is in the window. */
  async onPaper(): Promise<(place: [number, number]) => [number, number]> {
    await this.page.locator('.sheet.laid').waitFor();
    const box = (await this.page.locator('canvas.canvas').boundingBox())!;
    return ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  }

  /** Waits until the page says this of the drawing. */
  async status(text: string): Promise<void> {
    await this.page.locator('.status', { hasText: text }).waitFor({ state: 'attached' });
  }

  /** The colour that is seen at a place on the paper, as `r,g,b`. */
  color(x: number, y: number): Promise<string> {
    return this.page.locator('.sheet').evaluate(
      (sheet: HTMLElement, { x, y }) => {
        const seen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d')!;
        for (const canvas of sheet.querySelectorAll('canvas'))
          seen.drawImage(canvas, Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1, 0, 0, 1, 1);
        return Array.from(seen.getImageData(0, 0, 1, 1).data.slice(0, 3)).join();
      },
      { x, y },
    );
  }

  /** Sends touches, each at a part of the paper with its finger's number. */
  async fingers(
    type: 'touchStart' | 'touchMove' | 'touchEnd' | 'touchCancel',
    ...fingers: [id: number, x: number, y: number][]
  ): Promise<void> {
    const at = await this.onPaper();
    const touchPoints = fingers.map(([id, ...place]) => {
      const [x, y] = at(place);
      return { id, x, y };
    });
    await this.devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  }

  /** What axe finds on the page, such as text that has too little contrast. */
  async violations(): Promise<string[]> {
    await this.page.evaluate(axe);
    return this.page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await axe.run();
      return violations.map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .map(({ html }) => html.slice(0, 120))
            .slice(0, 4)
            .join(' | ')}`,
      );
    });
  }

  /** Holds requests to an address back until what it returns is called. */
  async stall(address: string): Promise<() => void> {
    let release = () => {};
    const released = new Promise<void>(resolve => (release = resolve));
    await this.page.route(address, async route => {
      await released;
      await route.continue();
    });
    return release;
  }

  /** Forbids storage, as a browser does that is set to accept no cookies. */
  async forbidStorage(): Promise<void> {
    await this.context.addInitScript(() => {
      for (const storage of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, storage, {
          get() {
            throw new DOMException('', 'SecurityError');
          },
        });
    });
  }

  async leave(): Promise<void> {
    const unexpected = this.complaints.filter(complaint => !this.expected.some(pattern => pattern.test(complaint)));
    if (this.context.pages().length > 1) await this.page.close();
    else await this.context.close();
    assert.deepEqual(unexpected, []);
  }
}

export function line(title: string, color = '#0A84E0'): DrawingContent {
  return {
    format: 1,
    title,
    canvas: { width: 3750, height: 5000 },
    strokes: [{ tool: 'pen', color, width: 200, x: [500, 3250], y: [2500, 2500], t: [0, 600] }],
  };
}

/** Saves a drawing that others made, and returns its id. */
export async function saved(client: Client, content: DrawingContent): Promise<string> {
  const id = newId();
  const result = await client.putDrawing({ id, ifNoneMatch: '*', body: content });
  assert.ok(result.ok);
  return id;
}
